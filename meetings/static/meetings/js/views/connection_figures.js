/** For hosts: how well somebody is connected; one press on the bars shows the figures behind it. */

import { canSeeFigures } from "../room_state.js";
import { rateConnection } from "../stats.js";
import { name, part } from "./dom.js";
import { describeConnection, showName, showQuality } from "./people_words.js";

/** @type {WeakMap<HTMLElement, string[]>} the newest lines of each list, drawn or not */
const newest = new WeakMap();

/**
 * @param {HTMLElement} row
 * @param {string} seat
 */
export function wireFigures(row, seat) {
  const button = part(row, "quality");
  const figures = part(row, "figures");
  figures.id = `figures-${seat}`;
  button.setAttribute("aria-controls", figures.id);
  button.addEventListener("click", () => {
    const isOpen = button.ariaExpanded !== "true";
    button.ariaExpanded = String(isOpen);
    figures.hidden = !isOpen;
    drawLines(figures);
  });
}

/**
 * @param {HTMLElement} row
 * @param {import("../protocol.js").RosterEntry} entry
 * @param {import("../room_state.js").RoomState} state
 */
export function drawFigures(row, entry, { connections, me }) {
  const button = part(row, "quality");
  const figures = part(row, "figures");
  const known = entry.is_connected ? connections[entry.seat] : undefined;
  // A button that has the focus does not vanish under it when the person's connection is lost.
  button.hidden = !canSeeFigures(me) || (!entry.is_connected && button.hidden);
  if (!button.hidden) {
    const quality = known ? rateConnection(known) : null;
    const lines = describe(entry, known, quality);
    part(row, "bars").dataset.quality = String(quality ?? 0);
    name(button, interpolate(gettext("%(name)s: %(quality)s"), { name: showName(entry), quality: lines[0] }, true));
    newest.set(figures, lines);
  }
  figures.hidden = button.hidden || button.ariaExpanded !== "true";
  drawLines(figures);
}

/**
 * The word for the connection, then what is behind it.
 *
 * @param {import("../protocol.js").RosterEntry} entry
 * @param {import("../protocol.js").SeatQuality | undefined} known
 * @param {import("../room_state.js").Quality | null} quality
 */
function describe(entry, known, quality) {
  if (!entry.is_connected) return [gettext("Connection lost")];
  if (known && quality !== null) return [showQuality(quality), ...describeConnection(known)];
  const details = known ? describeConnection(known) : [];
  return [gettext("No figures at the moment"), ...details, gettext("They come once sound or picture flow.")];
}

/**
 * Only what is open, and only when it says something else: a screen reader keeps its place.
 *
 * @param {HTMLElement} figures
 */
function drawLines(figures) {
  const lines = newest.get(figures) ?? [];
  const drawn = [...figures.children].map((line) => line.textContent);
  if (figures.hidden || lines.join("\n") === drawn.join("\n")) return;
  figures.replaceChildren(...lines.map(makeLine));
}

/** @param {string} text */
function makeLine(text) {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}
