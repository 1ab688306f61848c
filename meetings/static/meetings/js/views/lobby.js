/** Waiting to be let in, or for the room to open. */

import { part } from "./dom.js";
import { showMoment } from "./people_words.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireLobbyPage(root, session) {
  const page = part(root, "lobby");
  const title = part(page, "lobby-title");
  const text = part(page, "lobby-text");
  const position = part(page, "lobby-position");
  part(page, "lobby-leave").addEventListener("click", () => void session.leave());
  session.store.subscribe(
    [
      (state) => state.phase,
      (state) => state.lobbyPosition,
      (state) => state.opensAt,
      (state) => state.socket.phase,
    ],
    ({ phase, lobbyPosition, opensAt, socket }) => {
      const isNew = page.hidden && phase === "lobby";
      page.hidden = phase !== "lobby";
      const words = describeWait(opensAt);
      title.textContent = words.title;
      text.textContent = words.text;
      position.textContent = describe(opensAt ? null : lobbyPosition, socket.phase);
      if (isNew) title.focus();
    },
  );
}

/** @param {string | null} opensAt */
function describeWait(opensAt) {
  if (opensAt === null) {
    return {
      title: gettext("You are in the lobby"),
      text: gettext("The host has been told and will let you in. You can leave this page open; it goes on by itself."),
    };
  }
  const moment = { time: showMoment(new Date(opensAt), new Date()) };
  return {
    title: gettext("The room is not open yet"),
    text: interpolate(gettext("It opens: %(time)s. You can leave this page open; it goes on by itself."), moment, true),
  };
}

/**
 * @param {number | null} position
 * @param {import("../signalling.js").SignallingState["phase"]} socket
 */
function describe(position, socket) {
  if (socket === "retrying") return gettext("The connection is away. Trying again …");
  if (position === null) return "";
  if (position <= 1) return gettext("You are next.");
  return interpolate(gettext("You are number %(position)s in the row."), { position }, true);
}
