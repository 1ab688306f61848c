/**
 * What went wrong with a device, in words a guest understands, and what to do about it.
 *
 * @typedef {"microphone" | "camera" | "screen"} Device
 * @typedef {object} Refusal
 * @property {Device} device
 * @property {"insecure" | "unsupported" | "blocked" | "blocked_by_system" | "missing" | "busy" |
 *   "unplugged" | "dismissed" | "unknown"} code
 * @property {string} sentence
 * @property {string} remedy
 */

/**
 * @param {Device} device
 * @param {unknown} error  what getUserMedia or getDisplayMedia threw
 * @returns {Refusal}
 */
export function explainRefusal(device, error) {
  const code = findCode(device, error);
  return { device, code, ...WORDS[device](code) };
}

/**
 * @param {Device} device
 * @param {unknown} error
 * @returns {Refusal["code"]}
 */
function findCode(device, error) {
  const { name = "", message = "" } = /** @type {Partial<Error>} */ (error ?? {});
  switch (name) {
    case "InsecureContext":
      return "insecure";
    case "NotSupportedError":
      return "unsupported";
    case "NotAllowedError":
      if (/system/i.test(message)) return "blocked_by_system";
      return device === "screen" ? "dismissed" : "blocked";
    case "SecurityError":
      return "blocked";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    case "Unplugged":
      return "unplugged";
    default:
      return "unknown";
  }
}

/** @type {Record<Device, (code: Refusal["code"]) => {sentence: string, remedy: string}>} */
const WORDS = {
  microphone: explainMicrophone,
  camera: explainCamera,
  screen: explainScreen,
};

/** @param {Refusal["code"]} code */
function explainMicrophone(code) {
  switch (code) {
    case "insecure":
      return {
        sentence: gettext("Your browser gives no microphone to pages without a secure address."),
        remedy: gettext("Open this meeting with an address that starts with https, or ask the host for it."),
      };
    case "unsupported":
      return {
        sentence: gettext("This browser cannot use a microphone in a meeting."),
        remedy: gettext("Open the meeting in a current Chrome, Edge, Firefox or Safari."),
      };
    case "blocked":
      return {
        sentence: gettext("The microphone is blocked for this page."),
        remedy: gettext("Choose the symbol beside the address, allow the microphone, then try again."),
      };
    case "blocked_by_system":
      return {
        sentence: gettext("Your system does not let the browser use the microphone."),
        remedy: gettext("Allow the browser to use the microphone in the privacy settings of your system, then try again."),
      };
    case "missing":
      return {
        sentence: gettext("No microphone was found."),
        remedy: gettext("Connect a microphone or a headset and try again. You can join and listen without one."),
      };
    case "busy":
      return {
        sentence: gettext("Another program is using the microphone."),
        remedy: gettext("Close the other call or program, then try again."),
      };
    case "unplugged":
      return {
        sentence: gettext("The microphone was disconnected."),
        remedy: gettext("Connect it again, or choose another one in the device settings."),
      };
    default:
      return {
        sentence: gettext("The microphone could not be started."),
        remedy: gettext("Try again, or choose another one in the device settings."),
      };
  }
}

/** @param {Refusal["code"]} code */
function explainCamera(code) {
  switch (code) {
    case "insecure":
      return {
        sentence: gettext("Your browser gives no camera to pages without a secure address."),
        remedy: gettext("Open this meeting with an address that starts with https, or ask the host for it."),
      };
    case "unsupported":
      return {
        sentence: gettext("This browser cannot use a camera in a meeting."),
        remedy: gettext("Open the meeting in a current Chrome, Edge, Firefox or Safari."),
      };
    case "blocked":
      return {
        sentence: gettext("The camera is blocked for this page."),
        remedy: gettext("Choose the symbol beside the address, allow the camera, then try again."),
      };
    case "blocked_by_system":
      return {
        sentence: gettext("Your system does not let the browser use the camera."),
        remedy: gettext("Allow the browser to use the camera in the privacy settings of your system, then try again."),
      };
    case "missing":
      return {
        sentence: gettext("No camera was found."),
        remedy: gettext("Connect a camera and try again. You can join and talk without one."),
      };
    case "busy":
      return {
        sentence: gettext("Another program is using the camera."),
        remedy: gettext("Close the other call or program, then try again."),
      };
    case "unplugged":
      return {
        sentence: gettext("The camera was disconnected."),
        remedy: gettext("Connect it again, or choose another one in the device settings."),
      };
    default:
      return {
        sentence: gettext("The camera could not be started."),
        remedy: gettext("Try again, or choose another one in the device settings."),
      };
  }
}

/** @param {Refusal["code"]} code */
function explainScreen(code) {
  switch (code) {
    case "insecure":
      return {
        sentence: gettext("Your browser shares no screen from pages without a secure address."),
        remedy: gettext("Open this meeting with an address that starts with https, or ask the host for it."),
      };
    case "unsupported":
      return {
        sentence: gettext("This browser cannot share a screen."),
        remedy: gettext("Phones and tablets often cannot. Join from a computer to share."),
      };
    case "dismissed":
      return {
        sentence: gettext("Nothing is shared."),
        remedy: gettext("Choose “Share screen” again when you are ready."),
      };
    case "blocked_by_system":
      return {
        sentence: gettext("Your system does not let the browser record the screen."),
        remedy: gettext("Allow screen recording for the browser in the privacy settings of your system, then try again."),
      };
    default:
      return {
        sentence: gettext("The screen could not be shared."),
        remedy: gettext("Try again, or share another window or tab."),
      };
  }
}
