/**
 * TURN servers and for how long their credentials open a new connection. One that stands is not
 * asked again; one that is made anew after that needs new ones, which a snapshot brings.
 */

/** They run out after an hour (meetings/ice_servers.py); connecting takes a part of it. */
export const FRESH_FOR_MS = 50 * 60_000;

export class IceServers {
  /** @type {RTCIceServer[]} */
  #list = [];
  #takenAt = 0;
  #now;

  /** @param {() => number} now  in milliseconds, sleep of the machine included */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /** @param {RTCIceServer[]} list  just come from the server */
  take(list) {
    this.#list = list;
    this.#takenAt = this.#now();
  }

  get areFresh() {
    return this.#list.length === 0 || this.#now() - this.#takenAt < FRESH_FOR_MS;
  }
}
