/** How loud a track is, read whenever somebody wants to draw it. */

const FLOOR_DB = -60;

/** @type {AudioContext | null} */
let sharedContext = null;

/** The page's one audio context; browsers limit how many there may be. */
export function openAudioContext() {
  sharedContext ??= new AudioContext();
  if (sharedContext.state === "suspended") void sharedContext.resume();
  return sharedContext;
}

/**
 * @param {MediaStreamTrack} track
 * @returns {{read: () => number, close: () => void}} `read` gives 0 (silence) to 1 (full scale)
 */
export function openLevelMeter(track) {
  const context = openAudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    read() {
      analyser.getFloatTimeDomainData(samples);
      return toLevel(samples);
    },
    close() {
      source.disconnect();
    },
  };
}

/**
 * The effective value of the samples on a scale as the ear has it.
 *
 * @param {ArrayLike<number>} samples  -1 to 1
 */
export function toLevel(samples) {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += samples[index] ** 2;
  const decibel = 10 * Math.log10(sum / Math.max(samples.length, 1));
  return Math.min(1, Math.max(0, 1 - decibel / FLOOR_DB));
}
