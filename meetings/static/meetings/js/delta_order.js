/**
 * Puts the room's numbered messages in order. A message that comes too early waits until the gap
 * before it is filled; one that comes twice is dropped.
 *
 * @template {{seq: number}} Message
 */
export class DeltaOrder {
  /** @type {Map<number, Message>} */
  #early = new Map();
  #lastSeq = 0;

  get lastSeq() {
    return this.#lastSeq;
  }

  /** The number after which messages are missing, or null. */
  get gapAfter() {
    return this.#early.size ? this.#lastSeq : null;
  }

  /**
   * A snapshot says where the room is.
   *
   * @param {number} seq
   * @returns {Message[]} messages that had waited and now follow on
   */
  restart(seq) {
    this.#lastSeq = seq;
    for (const early of this.#early.keys()) if (early <= seq) this.#early.delete(early);
    return this.#release();
  }

  /**
   * @param {Message} message
   * @returns {Message[]} what may be delivered now, in order
   */
  take(message) {
    if (message.seq <= this.#lastSeq) return [];
    this.#early.set(message.seq, message);
    return this.#release();
  }

  /**
   * What the server had stored after the gap. It may hold less than was asked for (a number can
   * belong to a message that was not for us), so everything up to the newest one counts as known.
   *
   * @param {Message[]} messages
   * @returns {Message[]}
   */
  fill(messages) {
    for (const message of messages) {
      if (message.seq > this.#lastSeq) this.#early.set(message.seq, message);
    }
    const delivered = [...this.#early.values()].sort((a, b) => a.seq - b.seq);
    this.#early.clear();
    this.#lastSeq = delivered.at(-1)?.seq ?? this.#lastSeq;
    return delivered;
  }

  #release() {
    /** @type {Message[]} */
    const released = [];
    for (let next; (next = this.#early.get(this.#lastSeq + 1)); ) {
      this.#early.delete(next.seq);
      this.#lastSeq = next.seq;
      released.push(next);
    }
    return released;
  }
}
