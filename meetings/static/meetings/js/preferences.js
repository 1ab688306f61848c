/** What a person chose last time on this device. Without storage every visit is the first. */

const KEY = "vmcrm.room";

/**
 * @typedef {object} Preferences
 * @property {string} [microphoneId]
 * @property {string} [cameraId]
 * @property {string} [speakerId]
 * @property {boolean} [isMicrophoneOn]
 * @property {boolean} [isCameraOn]
 */

/** @returns {Preferences} */
export function readPreferences() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof stored === "object" && stored !== null ? stored : {};
  } catch {
    return {};
  }
}

/** @param {Preferences} change */
export function keepPreferences(change) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...readPreferences(), ...change }));
  } catch {
    // Private windows may refuse storage.
  }
}
