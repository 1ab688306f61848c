/** Waiting to be let in. */

import { part } from "./dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireLobbyPage(root, session) {
  const page = part(root, "lobby");
  const position = part(page, "lobby-position");
  part(page, "lobby-leave").addEventListener("click", () => void session.leave());
  session.store.subscribe(
    [(state) => state.phase, (state) => state.lobbyPosition, (state) => state.socket.phase],
    ({ phase, lobbyPosition, socket }) => {
      const isNew = page.hidden && phase === "lobby";
      page.hidden = phase !== "lobby";
      position.textContent = describe(lobbyPosition, socket.phase);
      if (isNew) part(page, "lobby-position").closest("main")?.querySelector("h1")?.focus();
    },
  );
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
