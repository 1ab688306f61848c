/** What a device refused, what to do about it, and a button to try again. */

import { part, reconcile, stamp } from "./dom.js";

/**
 * @param {HTMLElement} container
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireRefusals(container, session) {
  session.store.subscribe([(state) => state.media], ({ media }) => {
    const refusals = [media.microphone.refusal, media.camera.refusal].filter(
      (refusal) => refusal !== null,
    );
    reconcile(container, refusals, {
      key: ({ device, code }) => `${device}/${code}`,
      create: (refusal) => createNotice(refusal, session),
      update: () => {},
    });
  });
}

/**
 * @param {import("../media_refusals.js").Refusal} refusal
 * @param {import("../room_session.js").RoomSession} session
 */
function createNotice({ device, code, sentence, remedy }, { media }) {
  const notice = stamp("refusal-stamp");
  part(notice, "sentence").textContent = sentence;
  part(notice, "remedy").textContent = remedy;
  const again = part(notice, "again");
  again.hidden = code === "insecure" || code === "unsupported";
  again.addEventListener("click", () => {
    void (device === "camera" ? media.openCamera() : media.openMicrophone());
  });
  return notice;
}
