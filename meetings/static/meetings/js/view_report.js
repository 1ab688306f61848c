/**
 * Tells once what the person sees, soon after it changed and not at every step of a resize. Knows
 * neither page nor socket.
 *
 * @typedef {import("./protocol.js").ViewTile} ViewTile
 */

const DELAY_MS = 250;

export class ViewReport {
  #measure;
  #send;
  /** What was sent last. */
  #told = "";
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /**
   * @param {object} options
   * @param {() => ViewTile[]} options.measure
   * @param {(tiles: ViewTile[]) => void} options.send
   */
  constructor({ measure, send }) {
    this.#measure = measure;
    this.#send = send;
  }

  /** Something may be larger, smaller, new or gone. */
  change() {
    this.#timer ??= setTimeout(() => this.#report(), DELAY_MS);
  }

  /** The relay may have forgotten, or there is something new to watch: tell it in any case. */
  renew() {
    this.#told = "";
    this.change();
  }

  #report() {
    this.#timer = null;
    const tiles = this.#measure();
    const told = JSON.stringify(tiles);
    if (told === this.#told) return;
    this.#told = told;
    this.#send(tiles);
  }
}
