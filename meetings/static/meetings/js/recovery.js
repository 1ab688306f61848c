/**
 * Decides when a peer connection has to be made anew, and waits a little longer each time. The
 * browser needs up to 16 s to say "failed"; a connection that stays disconnected for 4 s is
 * replaced before that.
 */

import { chooseDelay } from "./backoff.js";

const DISCONNECTED_PATIENCE_MS = 4_000;

/** @typedef {"idle" | "connecting" | "connected" | "recovering"} ConnectionState */

export class Recovery {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #attempt = 0;
  #rebuild;
  #onState;

  /**
   * @param {() => void} rebuild
   * @param {(state: ConnectionState) => void} onState
   */
  constructor(rebuild, onState) {
    this.#rebuild = rebuild;
    this.#onState = onState;
  }

  /** @param {RTCPeerConnection} connection */
  watch(connection) {
    this.#onState(this.#attempt ? "recovering" : "connecting");
    connection.onconnectionstatechange = () => this.#notice(connection.connectionState);
  }

  /** The exchange of descriptions failed, so no connection state will ever tell. */
  fail() {
    this.#later(chooseDelay(this.#attempt++));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#onState("idle");
  }

  /** @param {RTCPeerConnectionState} state */
  #notice(state) {
    if (state === "connected") {
      clearTimeout(this.#timer);
      this.#attempt = 0;
      this.#onState("connected");
    } else if (state === "failed" || state === "closed") {
      this.fail();
    } else if (state === "disconnected") {
      this.#later(DISCONNECTED_PATIENCE_MS);
    }
  }

  /** @param {number} delayMs */
  #later(delayMs) {
    clearTimeout(this.#timer);
    this.#onState("recovering");
    this.#timer = setTimeout(this.#rebuild, delayMs);
  }
}
