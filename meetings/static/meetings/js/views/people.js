/** Who is here and who waits; what a host can do about either. */

import { isAllowed } from "../room_state.js";
import { drawFigures, wireFigures } from "./connection_figures.js";
import { askToConfirm } from "./dialogs.js";
import { name, part, reconcile, stamp } from "./dom.js";
import { chooseTone, findInitials, showName, showRole, showTalk } from "./people_words.js";

const ORDER = { host: 0, co_host: 1, presenter: 2, attendee: 3 };

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wirePeople(root, session) {
  const rows = part(root, "roster");
  session.store.subscribe(
    [
      (state) => state.roster,
      (state) => state.me,
      (state) => state.speaking,
      (state) => state.connections,
      (state) => state.talk,
    ],
    (state) => {
      reconcile(rows, sortRoster(state), {
        key: (entry) => entry.seat,
        create: (entry) => createRow(entry, session),
        update: (row, entry) => drawRow(row, entry, state),
      });
    },
  );
  wireLobby(root, session);
}

/** @param {import("../room_state.js").RoomState} state */
function sortRoster({ roster, me }) {
  const collator = new Intl.Collator(document.documentElement.lang);
  /** @param {import("../protocol.js").RosterEntry} entry */
  const rank = (entry) => (entry.seat === me?.seat ? -1 : ORDER[entry.role]);
  return [...roster].sort(
    (a, b) => rank(a) - rank(b) || collator.compare(a.display_name, b.display_name),
  );
}

/**
 * @param {import("../protocol.js").RosterEntry} entry
 * @param {import("../room_session.js").RoomSession} session
 */
function createRow(entry, session) {
  const row = stamp("roster-row-stamp");
  wireFigures(row, entry.seat);
  part(row, "mute").addEventListener("click", () => void session.mute(entry.seat, "microphone"));
  part(row, "remove").addEventListener("click", () => void askToRemove(entry, session));
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {import("../protocol.js").RosterEntry} entry
 * @param {import("../room_state.js").RoomState} state
 */
function drawRow(row, entry, state) {
  const isSelf = entry.seat === state.me?.seat;
  const person = showName(entry);
  const initials = part(row, "initials");
  initials.textContent = findInitials(person);
  initials.dataset.tone = String(chooseTone(entry.seat));
  part(row, "name").textContent = isSelf ? interpolate(gettext("%(name)s (you)"), { name: person }, true) : person;
  part(row, "role").textContent = entry.is_connected ? showRole(entry.role) : gettext("Connection lost");
  drawTalk(part(row, "talk"), state.talk[entry.seat] ?? 0);
  row.classList.toggle("roster-row-away", !entry.is_connected);
  row.classList.toggle("roster-row-speaking", state.speaking.has(entry.seat));
  drawFigures(row, entry, state);
  part(row, "screen").hidden = !entry.sources.screen;
  part(row, "muted").hidden = Boolean(entry.sources.microphone);
  // For a host the green microphone is the button that mutes it.
  const mute = part(row, "mute");
  mute.hidden = isSelf || !isAllowed(state, "mute") || !entry.sources.microphone;
  part(row, "unmuted").hidden = !entry.sources.microphone || !mute.hidden;
  name(mute, interpolate(gettext("Mute %(name)s"), { name: person }, true));
  const remove = part(row, "remove");
  remove.hidden = isSelf || !isAllowed(state, "remove");
  name(remove, interpolate(gettext("Remove %(name)s"), { name: person }, true));
}

/**
 * For hosts: how long somebody has talked.
 *
 * @param {HTMLElement} talk
 * @param {number} seconds
 */
function drawTalk(talk, seconds) {
  talk.hidden = seconds === 0;
  talk.textContent = seconds === 0 ? "" : showTalk(seconds);
}

/**
 * @param {import("../protocol.js").RosterEntry} entry
 * @param {import("../room_session.js").RoomSession} session
 */
async function askToRemove(entry, session) {
  const isSure = await askToConfirm({
    title: interpolate(gettext("Remove %(name)s from the meeting?"), { name: showName(entry) }, true),
    text: gettext("They are sent out at once and cannot come back to this meeting."),
    yes: gettext("Remove"),
  });
  if (isSure) await session.remove(entry.seat);
}

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
function wireLobby(root, session) {
  const section = part(root, "lobby-list");
  const heading = part(root, "lobby-heading");
  const rows = part(root, "lobby-rows");
  const all = part(root, "admit-all");
  all.addEventListener("click", () => void session.admitAll());
  session.store.subscribe([(state) => state.lobby, (state) => state.me], (state) => {
    const { lobby } = state;
    section.hidden = lobby.length === 0 || !isAllowed(state, "admit");
    all.hidden = lobby.length < 2;
    const text = ngettext("%(count)s person is waiting", "%(count)s people are waiting", lobby.length);
    heading.textContent = interpolate(text, { count: lobby.length }, true);
    reconcile(rows, lobby, {
      key: (entry) => entry.seat,
      create: (entry) => createLobbyRow(entry, session),
      update: drawLobbyRow,
    });
  });
}

/**
 * @param {import("../protocol.js").LobbyEntry} entry
 * @param {import("../room_session.js").RoomSession} session
 */
function createLobbyRow(entry, session) {
  const row = stamp("lobby-row-stamp");
  part(row, "admit").addEventListener("click", () => void session.admit(entry.seat));
  part(row, "deny").addEventListener("click", () => void session.deny(entry.seat));
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {import("../protocol.js").LobbyEntry} entry
 */
function drawLobbyRow(row, entry) {
  const person = showName(entry);
  const initials = part(row, "initials");
  initials.textContent = findInitials(person);
  initials.dataset.tone = String(chooseTone(entry.seat));
  part(row, "name").textContent = person;
  part(row, "admit").ariaLabel = interpolate(gettext("Admit %(name)s"), { name: person }, true);
  part(row, "deny").ariaLabel = interpolate(gettext("Deny %(name)s"), { name: person }, true);
}
