/** Pickers for microphone, camera and speaker, on the pre-join page and in the settings. */

import { keepPreferences } from "../preferences.js";
import { part, stamp } from "./dom.js";
import { playSignal } from "./sounds.js";

let fieldCount = 0;

/**
 * @param {HTMLElement} container
 * @param {import("../room_session.js").RoomSession} session
 * @param {{mayPublish: boolean}} options
 */
export function wireDeviceFields(container, session, { mayPublish }) {
  const { media, store } = session;
  if (mayPublish) {
    const microphone = addField(container, gettext("Microphone"), (id) => {
      keepPreferences({ microphoneId: id });
      void media.chooseMicrophone(id);
    });
    const camera = addField(container, gettext("Camera"), (id) => {
      keepPreferences({ cameraId: id });
      void media.chooseCamera(id);
    });
    store.subscribe([(state) => state.media.devices, (state) => state.media.microphone], (state) =>
      fill(microphone, state.media.devices.microphones, state.media.microphone.deviceId));
    store.subscribe([(state) => state.media.devices, (state) => state.media.camera], (state) =>
      fill(camera, state.media.devices.cameras, state.media.camera.deviceId));
  }
  addSpeaker(container, session);
}

/**
 * @param {HTMLElement} container
 * @param {import("../room_session.js").RoomSession} session
 */
function addSpeaker(container, { media, store }) {
  const speaker = addField(container, gettext("Speaker"), (id) => {
    keepPreferences({ speakerId: id });
    media.chooseSpeaker(id);
  });
  const test = stamp("speaker-test-stamp");
  test.addEventListener("click", () => void playSignal(media.state.speakerId));
  container.append(test);
  store.subscribe([(state) => state.media.devices, (state) => state.media.speakerId], (state) => {
    const { speakers } = state.media.devices;
    const canChoose = "setSinkId" in HTMLMediaElement.prototype && speakers.length > 0;
    fill(speaker, canChoose ? speakers : [], state.media.speakerId || "default");
  });
}

/**
 * @param {HTMLElement} container
 * @param {string} label
 * @param {(id: string) => void} onChoose
 */
function addField(container, label, onChoose) {
  const field = stamp("device-field-stamp");
  const select = part(field, "select", HTMLSelectElement);
  select.id = `device-${++fieldCount}`;
  select.addEventListener("change", () => onChoose(select.value));
  const caption = part(field, "label", HTMLLabelElement);
  caption.htmlFor = select.id;
  caption.textContent = label;
  container.append(field);
  return field;
}

/**
 * @param {HTMLElement} field
 * @param {import("../local_media.js").DeviceChoice[]} choices
 * @param {string | null} chosen
 */
function fill(field, choices, chosen) {
  const select = part(field, "select", HTMLSelectElement);
  field.hidden = choices.length === 0;
  const options = choices.map(({ id, label }) => new Option(label, id, false, id === chosen));
  const isSame =
    options.length === select.options.length &&
    options.every((option, index) => {
      const shown = select.options[index];
      return shown.value === option.value && shown.text === option.text;
    });
  if (!isSame) select.replaceChildren(...options);
  if (chosen && choices.some(({ id }) => id === chosen)) select.value = chosen;
}
