/**
 * Shows a meeting's time in the visitor's zone beside the meeting's own, and puts that zone into
 * registration forms. Without a script, or where both zones agree, the page is right as it is.
 */

/**
 * @param {Date} start
 * @param {Date} end
 * @param {string} zone
 * @param {string} language
 * @returns {string} such as "24 Nov 2026, 09:00 – 10:00"
 */
export function writeRange(start, end, zone, language) {
  // The site's English writes days before months and counts to 24 hours.
  const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: zone,
  });
  return format.formatRange(start, end);
}

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
 * @param {string} visitorZone
 * @param {string} language
 */
function addLocalTime(block, visitorZone, language) {
  const line = /** @type {HTMLElement | null} */ (block.querySelector("[data-local]"));
  const text = block.querySelector("[data-local-text]");
  const start = new Date(block.dataset.start ?? "");
  const end = new Date(block.dataset.end ?? "");
  const zone = block.dataset.zone ?? "UTC";
  if (line === null || text === null || showSameTime(start, visitorZone, zone)) {
    return;
  }
  const range = writeRange(start, end, visitorZone, language);
  text.textContent = interpolate(gettext("For you: %(time)s (%(zone)s)"), {
    time: range,
    zone: visitorZone,
  }, true);
  line.hidden = false;
}

/** @param {Document} page */
export function wireLocalTimes(page) {
  const visitorZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!visitorZone) {
    return;
  }
  const language = page.documentElement.lang || "en";
  for (const block of page.querySelectorAll("[data-when]")) {
    addLocalTime(/** @type {HTMLElement} */ (block), visitorZone, language);
  }
  for (const field of page.querySelectorAll("input[data-visitor-zone]")) {
    /** @type {HTMLInputElement} */ (field).value = visitorZone;
  }
}

if (typeof document !== "undefined") {
  wireLocalTimes(document);
}
