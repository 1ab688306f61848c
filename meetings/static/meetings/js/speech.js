/** Who is speaking, from levels read a few times a second: quick to notice, slow to forget. */

const LOUD = 0.015;
const HOLD_MS = 900;
const LASTING_MS = 700;

export class SpeechDetector {
  /** @type {Map<string, {since: number, last: number}>} */
  #heard = new Map();

  /**
   * @param {string} seat
   * @param {number} level  0 to 1, linear as in WebRTC's audioLevel
   * @param {number} nowMs
   */
  hear(seat, level, nowMs) {
    if (level < LOUD) return;
    const before = this.#heard.get(seat);
    const goesOn = before && nowMs - before.last <= HOLD_MS;
    this.#heard.set(seat, { since: goesOn ? before.since : nowMs, last: nowMs });
  }

  /**
   * @param {number} nowMs
   * @returns {Set<string>}
   */
  listSpeakers(nowMs) {
    for (const [seat, { last }] of this.#heard) {
      if (nowMs - last > HOLD_MS) this.#heard.delete(seat);
    }
    return new Set(this.#heard.keys());
  }

  /**
   * Whether it is more than a cough.
   *
   * @param {string} seat
   * @param {number} nowMs
   */
  isSpeakingLong(seat, nowMs) {
    const heard = this.#heard.get(seat);
    return heard !== undefined && nowMs - heard.last <= HOLD_MS && nowMs - heard.since >= LASTING_MS;
  }
}

/**
 * @param {ReadonlySet<string>} one
 * @param {ReadonlySet<string>} other
 */
export function isSameSet(one, other) {
  return one.size === other.size && [...one].every((item) => other.has(item));
}
