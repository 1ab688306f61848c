/** Before the room: see and hear oneself, choose devices, and the click that lets sound play. */

import { openLevelMeter } from "../level_meter.js";
import { wireSwitches } from "./controls.js";
import { wireDeviceFields } from "./device_fields.js";
import { part } from "./dom.js";
import { wireRefusals } from "./refusals.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 * @param {{mayPublish: boolean, onJoin: () => void}} options
 */
export function wirePrejoin(root, session, { mayPublish, onJoin }) {
  const page = part(root, "prejoin");
  part(page, "join").addEventListener("click", onJoin);
  session.store.subscribe([(state) => state.phase], ({ phase }) => {
    page.hidden = phase !== "prejoin";
  });
  if (!mayPublish) return;
  wireSwitches(part(page, "prejoin-microphone"), part(page, "prejoin-camera"), session);
  wireDeviceFields(part(page, "prejoin-devices"), session, { mayPublish });
  wireRefusals(part(page, "prejoin-refusals"), session);
  wirePreview(page, session);
  wireLevel(page, session);
}

/**
 * @param {HTMLElement} page
 * @param {import("../room_session.js").RoomSession} session
 */
function wirePreview(page, session) {
  const video = part(page, "preview-video", HTMLVideoElement);
  const text = part(page, "preview-text");
  session.store.subscribe([(state) => state.media.camera], ({ media: { camera } }) => {
    const track = session.media.findTrack("camera");
    const shown = /** @type {MediaStream | null} */ (video.srcObject)?.getVideoTracks()[0] ?? null;
    if (track !== shown) video.srcObject = track && new MediaStream([track]);
    video.hidden = !track;
    part(page, "preview-empty").hidden = Boolean(track);
    text.textContent = describeCamera(camera);
  });
}

/** @param {import("../local_media.js").DeviceState} camera */
function describeCamera({ isBusy, refusal }) {
  if (isBusy) return gettext("Starting the camera …");
  return refusal ? refusal.sentence : gettext("Your camera is off");
}

/**
 * @param {HTMLElement} page
 * @param {import("../room_session.js").RoomSession} session
 */
function wireLevel(page, session) {
  const level = part(page, "level");
  const bar = part(page, "level-bar");
  const text = part(page, "level-text");
  /** @type {MediaStreamTrack | null} */
  let metered = null;
  /** @type {ReturnType<typeof openLevelMeter> | null} */
  let meter = null;
  let isHeard = false;

  session.store.subscribe([(state) => state.media.microphone], ({ media: { microphone } }) => {
    const track = session.media.capturedMicrophone;
    level.hidden = !track;
    level.classList.toggle("level-muted", !microphone.isOn);
    if (track === metered) return;
    meter?.close();
    metered = track;
    meter = track && openLevelMeter(track);
  });

  const timer = setInterval(() => {
    if (session.state.phase !== "prejoin") {
      clearInterval(timer);
      meter?.close();
      return;
    }
    const percent = Math.round((meter?.read() ?? 0) * 100);
    bar.style.setProperty("--level", `${percent}%`);
    bar.ariaValueNow = String(percent);
    if (percent > 45) isHeard = true;
    text.textContent = describeLevel(session.state.media, isHeard);
  }, 80);
}

/**
 * @param {import("../local_media.js").LocalMediaState} media
 * @param {boolean} isHeard
 */
function describeLevel({ microphone, isMutedByDevice }, isHeard) {
  if (isMutedByDevice) return gettext("Your microphone or headset is muted by its own switch");
  if (!microphone.isOn) return gettext("You join muted");
  return isHeard ? gettext("Your microphone works") : gettext("Say something to test your microphone");
}
