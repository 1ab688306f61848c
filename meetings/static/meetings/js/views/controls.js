/** The bar at the bottom: our own devices, the panels, leaving. */

import { name, part, findPart } from "./dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 * @param {{askToLeave: () => void, openDevices: () => void, openShortcuts: () => void}} actions
 */
export function wireControls(root, session, { askToLeave, openDevices, openShortcuts }) {
  wireOwnDevices(root, session);
  wirePanels(root, session);
  wireMore(root, session, openDevices, openShortcuts);
  part(root, "leave").addEventListener("click", askToLeave);
}

/**
 * The two switches exist in the room and on the pre-join page, and mean the same.
 *
 * @param {HTMLElement} microphone
 * @param {HTMLElement} camera
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireSwitches(microphone, camera, session) {
  microphone.addEventListener("click", () => void session.toggleMicrophone());
  camera.addEventListener("click", () => void session.toggleCamera());
  session.store.subscribe([(state) => state.media], ({ media }) => {
    drawSwitch(microphone, media.microphone, {
      on: gettext("Mute"),
      off: gettext("Unmute"),
    });
    drawSwitch(camera, media.camera, {
      on: gettext("Turn the camera off"),
      off: gettext("Turn the camera on"),
    });
  });
}

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
function wireOwnDevices(root, session) {
  if (!findPart(root, "microphone")) return;
  const screen = part(root, "screen");
  wireSwitches(part(root, "microphone"), part(root, "camera"), session);
  screen.hidden = !navigator.mediaDevices || !("getDisplayMedia" in navigator.mediaDevices);
  screen.addEventListener("click", () => void session.toggleScreen());
  session.store.subscribe([(state) => state.media.screen], ({ media }) => {
    drawSwitch(screen, media.screen, {
      on: gettext("Stop sharing"),
      off: gettext("Share screen"),
    });
  });
}

/**
 * @param {HTMLElement} button
 * @param {import("../local_media.js").DeviceState} device
 * @param {{on: string, off: string}} texts  what a press would do
 */
function drawSwitch(button, { isOn, isBusy, refusal }, texts) {
  button.ariaPressed = String(isOn);
  button.ariaBusy = String(isBusy);
  button.classList.toggle("control-refused", Boolean(refusal) && refusal?.code !== "dismissed");
  button.title = isOn ? texts.on : texts.off;
}

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
function wirePanels(root, session) {
  for (const panel of /** @type {const} */ (["chat", "people", "agenda"])) {
    const button = part(root, `panel-${panel}`);
    button.addEventListener("click", () => session.togglePanel(panel));
    session.store.subscribe([(state) => state.panel], (state) => {
      button.ariaPressed = String(state.panel === panel);
    });
  }
  const chat = part(root, "panel-chat");
  const newCount = part(root, "chat-count");
  session.store.subscribe([(state) => state.unreadCount], ({ unreadCount }) => {
    newCount.hidden = unreadCount === 0;
    newCount.textContent = unreadCount > 99 ? "99+" : String(unreadCount);
    name(chat, describeChat(unreadCount));
  });
  const people = part(root, "people-count");
  session.store.subscribe(
    [(state) => state.roster, (state) => state.lobby],
    ({ roster, lobby }) => {
      people.textContent = String(lobby.length || roster.length);
      people.classList.toggle("count-new", lobby.length > 0);
    },
  );
}

/** @param {number} unreadCount */
function describeChat(unreadCount) {
  if (!unreadCount) return gettext("Chat");
  const text = ngettext("Chat, %(count)s new message", "Chat, %(count)s new messages", unreadCount);
  return interpolate(text, { count: unreadCount }, true);
}

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 * @param {() => void} openDevices
 * @param {() => void} openShortcuts
 */
function wireMore(root, session, openDevices, openShortcuts) {
  const menu = part(root, "more-menu");
  /** @param {string} item @param {() => void} action */
  const wire = (item, action) =>
    part(menu, item).addEventListener("click", () => {
      menu.hidePopover();
      action();
    });
  wire("open-devices", openDevices);
  wire("open-shortcuts", openShortcuts);
  wire("open-agenda", () => session.togglePanel("agenda"));
  wire("toggle-full-screen", () => void toggleFullScreen());
  document.addEventListener("fullscreenchange", () => {
    part(part(menu, "toggle-full-screen"), "label").textContent = document.fullscreenElement
      ? gettext("Leave full screen")
      : gettext("Full screen");
  });
  part(menu, "toggle-full-screen").hidden = !document.fullscreenEnabled;
}

export async function toggleFullScreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}
