/** One line above the stage that says how far the connection is, while it is not whole. */

import { part } from "./dom.js";

/** A short interruption heals unnoticed; only what lasts is worth a line. */
const PATIENCE_MS = 800;

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireBanner(root, session) {
  const banner = part(root, "banner");
  const text = part(root, "banner-text");
  const action = part(root, "banner-action");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  action.textContent = gettext("Try now");
  action.addEventListener("click", () => session.tryAgain());

  session.store.subscribe(
    [
      (state) => state.socket,
      (state) => state.peer,
      (state) => state.relay,
      (state) => state.isLineSilent,
    ],
    (state) => {
      clearTimeout(timer);
      const words = describe(state);
      action.hidden = state.socket.phase !== "retrying";
      const show = () => {
        banner.hidden = !words;
        text.textContent = words;
      };
      // A silent line has had its patience.
      if (words && banner.hidden && !state.isLineSilent) timer = setTimeout(show, PATIENCE_MS);
      else show();
    },
  );
}

/** @param {import("../room_state.js").RoomState} state */
function describe({ socket, peer, relay, isLineSilent }) {
  const isMediaAlive = peer.subscribe === "connected" || peer.publish === "connected";
  if (socket.phase === "retrying" || (socket.phase === "connecting" && socket.attempt > 0)) {
    return isMediaAlive
      ? gettext("The connection to the room is interrupted. Sound and picture go on; reconnecting …")
      : gettext("The connection to the room is interrupted. Reconnecting …");
  }
  if (relay === "lost") {
    return gettext("Sound and picture are interrupted and come back by themselves. The chat goes on.");
  }
  if (peer.subscribe === "recovering" || peer.publish === "recovering") {
    return gettext("Restoring sound and picture …");
  }
  if (isLineSilent) {
    return gettext("Nothing arrives at the moment. If it stays so, the connection is made anew.");
  }
  return "";
}
