/** Turns what the session notices into sentences, and decides what is shown and what is only said. */

import { playSignal } from "./sounds.js";

/**
 * @param {import("../room_session.js").Notice} notice
 * @param {import("./toasts.js").Toasts} toasts
 * @param {import("../room_session.js").RoomSession} session
 */
export function tell(notice, toasts, session) {
  switch (notice.kind) {
    case "joined":
      return toasts.announce(say(gettext("%(names)s joined."), notice.names));
    case "left":
      return toasts.announce(say(gettext("%(names)s left."), notice.names));
    case "waiting":
      return tellWaiting(notice.names, toasts, session);
    case "muted_by_host":
      return toasts.show({ text: describeMute(notice) });
    case "talking_while_muted":
      return toasts.show({
        key: "talking",
        text: gettext("You are talking while muted."),
        action: { label: gettext("Unmute"), run: () => void session.toggleMicrophone() },
      });
    case "refused":
      return toasts.show({ text: notice.sentence });
  }
}

/**
 * @param {string[]} names
 * @param {import("./toasts.js").Toasts} toasts
 * @param {import("../room_session.js").RoomSession} session
 */
function tellWaiting(names, toasts, session) {
  const sentence = ngettext(
    "%(names)s is waiting in the lobby.",
    "%(names)s are waiting in the lobby.",
    names.length,
  );
  const text = say(sentence, names);
  const isListed = () => session.state.panel === "people";
  void playSignal();
  if (isListed()) {
    toasts.announce(text);
    return;
  }
  const show = () => {
    if (!isListed()) session.togglePanel("people");
  };
  toasts.show({ key: "waiting", lastsMs: 20_000, text, action: { label: gettext("Show"), run: show } });
}

/** @param {Extract<import("../room_session.js").Notice, {kind: "muted_by_host"}>} notice */
function describeMute({ source, name }) {
  const person = name || gettext("A host");
  switch (source) {
    case "microphone":
      return interpolate(gettext("%(name)s muted your microphone. You can switch it on again."), { name: person }, true);
    case "camera":
      return interpolate(gettext("%(name)s switched your camera off. You can switch it on again."), { name: person }, true);
    default:
      return interpolate(gettext("%(name)s stopped your screen sharing."), { name: person }, true);
  }
}

/**
 * @param {string} text
 * @param {string[]} names
 */
function say(text, names) {
  const list = new Intl.ListFormat(document.documentElement.lang).format(
    names.map((person) => person || gettext("Participant")),
  );
  return interpolate(text, { names: list }, true);
}
