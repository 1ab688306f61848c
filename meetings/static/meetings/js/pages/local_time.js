/**
 * Shows a meeting's time in the visitor's zone beside the meeting's own, and puts that zone into
 * registration forms. Without a script, or where both zones agree, the page is right as it is.
 */

import { visitorZone, writeMoment, writeRange } from "../dates.js";

/**
 * @param {Date} moment
 * @param {string} one
 * @param {string} other
 * @returns {boolean} whether clocks in both zones show the same
 */
export function showSameTime(moment, one, other) {
  const read = (/** @type {string} */ zone) =>
    new Intl.DateTimeFormat("en", { dateStyle: "short", timeStyle: "short", timeZone: zone }).format(
      moment,
    );
  return read(one) === read(other);
}

/**
 * @param {HTMLElement} block
 * @param {string} ownZone
 * @param {string} language
 */
function addLocalTime(block, ownZone, language) {
  const line = /** @type {HTMLElement | null} */ (block.querySelector("[data-local]"));
  const text = block.querySelector("[data-local-text]");
  const start = new Date(block.dataset.start ?? "");
  const end = new Date(block.dataset.end ?? "");
  const zone = block.dataset.zone ?? "UTC";
  if (line === null || text === null || showSameTime(start, ownZone, zone)) {
    return;
  }
  const words = { time: writeRange(start, end, language, ownZone), zone: ownZone };
  text.textContent = interpolate(gettext("For you: %(time)s (%(zone)s)"), words, true);
  line.hidden = false;
}

/**
 * A moment in a sentence, in the visitor's zone instead of the meeting's; both are named.
 *
 * @param {HTMLElement} element
 * @param {string} ownZone
 * @param {string} language
 */
function putLocalMoment(element, ownZone, language) {
  const moment = new Date(element.dataset.moment ?? "");
  element.textContent = `${writeMoment(moment, language, ownZone)} (${ownZone})`;
}

/** @param {Document} page */
export function wireLocalTimes(page) {
  const ownZone = visitorZone();
  if (!ownZone) return;
  const language = page.documentElement.lang || "en";
  for (const block of page.querySelectorAll("[data-when]")) {
    addLocalTime(/** @type {HTMLElement} */ (block), ownZone, language);
  }
  for (const element of page.querySelectorAll("[data-moment]")) {
    putLocalMoment(/** @type {HTMLElement} */ (element), ownZone, language);
  }
  for (const field of page.querySelectorAll("input[data-visitor-zone]")) {
    /** @type {HTMLInputElement} */ (field).value = ownZone;
  }
}

if (typeof document !== "undefined") {
  wireLocalTimes(document);
}
