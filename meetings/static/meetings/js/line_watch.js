/**
 * Notices that nothing arrives any more, seconds before the browser calls a connection lost. Plain
 * arithmetic on what is read of the statistics once a second.
 *
 * Whoever sends or is sent anything hears from the media server at least once a second: its reports.
 */

/** Two readings without a byte: two to three seconds. */
const SILENT_AFTER_MS = 1_900;

export class LineWatch {
  #received = 0;
  /** When something came last; null while nothing is expected. @type {number | null} */
  #heardAt = null;

  /**
   * @param {number | null} received  bytes so far over all connections; null: none brings anything now
   * @param {number} now  milliseconds
   * @returns {boolean} whether the line is silent
   */
  read(received, now) {
    if (received === null) {
      this.#heardAt = null;
    } else if (received !== this.#received) {
      this.#received = received;
      this.#heardAt = now;
    }
    return this.#heardAt !== null && now - this.#heardAt >= SILENT_AFTER_MS;
  }
}

/**
 * What arrived over a connection so far.
 *
 * @param {Iterable<any> | null} stats  the values of an RTCStatsReport
 */
export function countReceived(stats) {
  let received = 0;
  for (const stat of stats ?? []) if (stat.type === "transport") received += stat.bytesReceived ?? 0;
  return received;
}
