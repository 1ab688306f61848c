/** The frame beside the stage (a sheet on the phone) in which chat, people and agenda appear. */

import { part } from "./dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wirePanel(root, session) {
  const panel = part(root, "panel");
  const title = part(root, "panel-title");
  const live = part(root, "live");
  /** @type {Element | null} */
  let opener = null;

  const close = () => {
    const shown = session.state.panel;
    if (shown) session.togglePanel(shown);
  };
  part(panel, "panel-close").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  /** @type {import("../room_state.js").Panel | null} */
  let shown = null;
  session.store.subscribe([(state) => state.panel], (state) => {
    if (!shown && state.panel) opener = document.activeElement;
    const wasOpen = shown !== null;
    shown = state.panel;
    panel.hidden = !shown;
    live.classList.toggle("live-with-panel", Boolean(shown));
    for (const key of ["chat", "people", "agenda"]) part(panel, key).hidden = key !== shown;
    if (shown) {
      title.textContent = nameOf(shown);
      (shown === "chat" ? part(panel, "chat-text") : title).focus();
    } else if (wasOpen && opener instanceof HTMLElement) {
      opener.focus();
    }
  });
}

/** @param {import("../room_state.js").Panel} panel */
function nameOf(panel) {
  if (panel === "chat") return gettext("Chat");
  return panel === "people" ? gettext("People") : gettext("Agenda");
}
