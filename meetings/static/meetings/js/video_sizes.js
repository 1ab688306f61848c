/**
 * In which sizes a source is sent: as many as its picture really has room for. Plain data in, plain
 * data out.
 *
 * @typedef {import("./protocol.js").Source} Source
 */

/** Chromium never sends the largest of three sizes of a picture below this (its simulcast.cc). */
const THREE_FROM_PIXELS = 960 * 540;
/** Below this a second size would be too small to be worth its bits. */
const TWO_FROM_PIXELS = 640 * 360;
const LARGEST = { pixels: 1280 * 720, bitrateBps: 1_500_000 };
/** A sixteenth of the pixels takes a tenth of the bits. */
const BITRATE_EXPONENT = 0.83;
const SCREEN_BITRATE_BPS = 2_500_000;

/**
 * The encodings of a source, the smallest first; the relay gives each viewer the one that suits
 * their tile and their network.
 *
 * @param {Source} source
 * @param {{width?: number, height?: number}} size  as the track tells it; not every browser does
 * @returns {RTCRtpEncodingParameters[]}
 */
export function chooseEncodings(source, size) {
  if (source === "camera") return chooseCameraSizes((size.width && size.height && size.width * size.height) || LARGEST.pixels);
  if (source === "screen") return [{ maxBitrate: SCREEN_BITRATE_BPS }];
  return [{}];
}

/** @param {number} pixels  of the camera's picture; upright or not is the same */
function chooseCameraSizes(pixels) {
  if (pixels < TWO_FROM_PIXELS) return [{ maxBitrate: limitBitrate(pixels) }];
  const rids = pixels < THREE_FROM_PIXELS ? ["l", "h"] : ["l", "m", "h"];
  return rids.map((rid, index) => {
    const scale = 2 ** (rids.length - 1 - index);
    return {
      rid,
      scaleResolutionDownBy: scale,
      maxBitrate: limitBitrate(pixels / scale ** 2),
      // What VP8 does anyway; VP9 and AV1 send several sizes only where it is named.
      scalabilityMode: "L1T3",
    };
  });
}

/** @param {number} pixels */
function limitBitrate(pixels) {
  const share = Math.min(1, pixels / LARGEST.pixels) ** BITRATE_EXPONENT;
  return Math.round((LARGEST.bitrateBps * share) / 1_000) * 1_000;
}
