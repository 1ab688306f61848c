/**
 * Times as the server's pages and mails write them: "24 Nov 2026, 09:00", "2026年11月24日 09:00".
 * `zone` is an IANA name; without one it is the visitor's own.
 */

/** The site's English writes days before months and counts to 24 hours. @param {string} language */
function localeOf(language) {
  return language === "en" ? "en-GB" : language;
}

/**
 * @param {Date} moment
 * @param {string} language
 * @param {string} [zone]
 */
export function writeMoment(moment, language, zone) {
  const format = new Intl.DateTimeFormat(localeOf(language), {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: zone,
  });
  return format.format(moment);
}

/**
 * @param {Date} moment
 * @param {string} language
 * @param {string} [zone]
 */
export function writeTime(moment, language, zone) {
  const format = new Intl.DateTimeFormat(localeOf(language), {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  });
  return format.format(moment);
}

/**
 * The day of the end is named where it is another.
 *
 * @param {Date} start
 * @param {Date} end
 * @param {string} language
 * @param {string} [zone]
 */
export function writeRange(start, end, language, zone) {
  const day = new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone: zone });
  const isSameDay = day.format(start) === day.format(end);
  const till = isSameDay ? writeTime(end, language, zone) : writeMoment(end, language, zone);
  return `${writeMoment(start, language, zone)}–${till}`;
}

/** The visitor's own zone; empty where the browser does not tell. */
export function visitorZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
