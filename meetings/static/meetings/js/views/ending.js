/**
 * The last page: why the room is closed for this person, and where to go from here.
 *
 * @typedef {import("../signalling.js").Ending} Ending
 * @typedef {{title: string, text: string, retry?: string, next: "left" | "meeting"}} Farewell
 */

import { part } from "./dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 * @param {{leftUrl: string, meetingUrl: string}} addresses
 */
export function wireEnding(root, session, { leftUrl, meetingUrl }) {
  const page = part(root, "ending");
  const retry = part(page, "ending-retry");
  const link = part(page, "ending-link", HTMLAnchorElement);
  retry.addEventListener("click", () => comeBack(session));
  session.store.subscribe([(state) => state.phase], ({ phase, ending }) => {
    const isNew = page.hidden && phase === "ended";
    page.hidden = phase !== "ended" || ending === "left";
    if (phase !== "ended" || !ending) return;
    if (ending === "left") {
      location.assign(leftUrl);
      return;
    }
    const { title, text, retry: retryText, next } = describe(ending);
    part(page, "ending-title").textContent = title;
    part(page, "ending-text").textContent = text;
    retry.hidden = !retryText;
    retry.textContent = retryText ?? "";
    link.href = next === "left" ? leftUrl : meetingUrl;
    link.textContent = next === "left" ? gettext("Continue") : gettext("To the page of the meeting");
    link.classList.toggle("button-primary", !retryText);
    if (isNew) part(page, "ending-title").focus();
  });
}

/**
 * A lost connection is taken up where it broke; a seat taken over needs a fresh page.
 *
 * @param {import("../room_session.js").RoomSession} session
 */
function comeBack(session) {
  if (session.state.ending === "gave_up") session.tryAgain();
  else location.reload();
}

/**
 * @param {Ending} ending
 * @returns {Farewell}
 */
function describe(ending) {
  switch (ending) {
    case "removed":
      return {
        title: gettext("A host has removed you from this meeting"),
        text: gettext("You cannot enter the room again. If this was a mistake, write to the person who invited you."),
        next: "meeting",
      };
    case "replaced":
      return {
        title: gettext("You have joined from another tab or device"),
        text: gettext("One seat can be in the room once, so this page has stopped. You can take the meeting back here."),
        retry: gettext("Join here instead"),
        next: "meeting",
      };
    case "meeting_ended":
      return {
        title: gettext("The meeting has ended"),
        text: gettext("The host has closed the room. Thank you for being here."),
        next: "left",
      };
    case "no_seat":
      return {
        title: gettext("Your seat is not known any more"),
        text: gettext("You were signed out, or your link was replaced by a newer one. Open the newest link from your mail, or load this page again."),
        retry: gettext("Load the page again"),
        next: "meeting",
      };
    case "unknown_meeting":
      return {
        title: gettext("This room does not exist"),
        text: gettext("The meeting may have been cancelled. Its page says more."),
        next: "meeting",
      };
    default:
      return {
        title: gettext("The room cannot be reached"),
        text: gettext("We tried for a minute. Check your network connection, then try again. Your seat is kept."),
        retry: gettext("Try again"),
        next: "meeting",
      };
  }
}
