/** For hosts: how well somebody is connected; one press on the bars shows the figures behind it. */

import { rateConnection } from "../stats.js";
import { name, part } from "./dom.js";
import { describeConnection, showName, showQuality } from "./people_words.js";

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
  });
}

/**
 * @param {HTMLElement} row
 * @param {import("../protocol.js").RosterEntry} entry
 * @param {import("../room_state.js").RoomState} state
 */
export function drawFigures(row, entry, { connections }) {
  const button = part(row, "quality");
  const figures = part(row, "figures");
  const known = connections[entry.seat];
  const quality = known && entry.is_connected ? rateConnection(known) : null;
  button.hidden = quality === null;
  figures.hidden = button.hidden || button.ariaExpanded !== "true";
  if (!known || quality === null) return;
  const word = showQuality(quality);
  part(row, "bars").dataset.quality = String(quality);
  name(button, interpolate(gettext("%(name)s: %(quality)s"), { name: showName(entry), quality: word }, true));
  figures.replaceChildren(...[word, ...describeConnection(known)].map(makeLine));
}

/** @param {string} text */
function makeLine(text) {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}
