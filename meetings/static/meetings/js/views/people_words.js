/** Names, initials, tones and roles as all views show them. */

import { visitorZone, writeMoment, writeTime } from "../dates.js";

/**
 * Chinese names show their last character, as colleagues call each other; others two initials.
 * The same rule as the `initials` filter of the templates.
 *
 * @param {string} displayName
 */
export function findInitials(displayName) {
  const words = displayName.split(/\s+/).filter(Boolean);
  if (!words.length) return "?";
  const last = /** @type {string} */ ([.../** @type {string} */ (words.at(-1))].at(-1));
  if (/\p{Script=Han}/u.test(last)) return last;
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return letters.map((word) => [...word][0]).join("").toUpperCase();
}

/**
 * One of six tones for a face, always the same for the same seat.
 *
 * @param {string} seat
 */
export function chooseTone(seat) {
  let sum = 0;
  for (const letter of seat) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return sum % 6;
}

/** @param {{display_name: string}} entry */
export function showName({ display_name }) {
  return display_name || gettext("Participant");
}

/** @param {import("../protocol.js").Role} role */
export function showRole(role) {
  switch (role) {
    case "host":
      return gettext("Host");
    case "co_host":
      return gettext("Co-host");
    case "presenter":
      return gettext("Presenter");
    default:
      return gettext("Attendee");
  }
}

/** @param {import("../room_state.js").Quality | undefined} quality */
export function showQuality(quality) {
  switch (quality) {
    case 3:
      return gettext("Good connection");
    case 2:
      return gettext("Fair connection");
    case 1:
      return gettext("Poor connection");
    default:
      return gettext("No connection");
  }
}

/**
 * How long somebody has talked, as a player shows a length.
 *
 * @param {number} seconds
 */
export function showTalk(seconds) {
  const length = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return interpolate(gettext("talked %(length)s"), { length }, true);
}

/**
 * The figures behind the word, for a host: one line each.
 *
 * @param {import("../protocol.js").SeatQuality} known
 */
export function describeConnection({ candidate, round_trip_ms: roundTripMs, up, down }) {
  const lines = [];
  if (roundTripMs !== null) {
    lines.push(interpolate(gettext("Round trip %(ms)s ms"), { ms: showNumber(roundTripMs) }, true));
  }
  if (up) lines.push(interpolate(gettext("Sends %(kbps)s kbit/s, %(loss)s lost, jitter %(jitter)s ms"), showPath(up), true));
  if (down) lines.push(interpolate(gettext("Receives %(kbps)s kbit/s, %(loss)s lost, jitter %(jitter)s ms"), showPath(down), true));
  if (candidate === "host") lines.push(gettext("Directly over UDP"));
  if (candidate === "tcp") lines.push(gettext("Over TCP: the network blocks UDP"));
  if (candidate === "relay") lines.push(gettext("Over a TURN server"));
  return lines;
}

/** @param {import("../protocol.js").PathQuality} path */
function showPath({ bitrate_kbps: kbps, loss_percent: loss, jitter_ms: jitter }) {
  const share = (loss / 100).toLocaleString(document.documentElement.lang, { style: "percent" });
  return { kbps: showNumber(kbps), loss: share, jitter: showNumber(jitter) };
}

/** @param {number} value */
function showNumber(value) {
  return value.toLocaleString(document.documentElement.lang);
}

/** @param {string | Date} moment  ISO 8601 when a text */
export function showTime(moment) {
  return writeTime(new Date(moment), document.documentElement.lang);
}

/**
 * A time of today, or day and time of another day, in a zone that is named.
 *
 * @param {Date} moment
 * @param {Date} now
 */
export function showMoment(moment, now) {
  const { lang } = document.documentElement;
  const isToday = moment.toDateString() === now.toDateString();
  const shown = isToday ? writeTime(moment, lang) : writeMoment(moment, lang);
  const zone = visitorZone();
  return zone ? `${shown} (${zone})` : shown;
}
