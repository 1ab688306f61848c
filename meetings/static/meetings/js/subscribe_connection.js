/**
 * What we receive: one peer connection whose offers always come from the relay. Every offer lists
 * all tracks, so the newest list replaces the one before.
 *
 * @typedef {import("./protocol.js").Source} Source
 * @typedef {import("./protocol.js").SubscribeOffer} SubscribeOffer
 * @typedef {{seat: string, source: Source, track: MediaStreamTrack}} RemoteTrack
 *
 * @typedef {object} SubscribeOptions
 * @property {import("./signalling.js").Signalling} signalling
 * @property {(state: import("./recovery.js").ConnectionState) => void} onState
 * @property {(tracks: RemoteTrack[]) => void} onTracks
 * @property {() => void} onLost  has it rebuilt
 */

import { Recovery } from "./recovery.js";
import { RequestFailed } from "./signalling.js";

export class SubscribeConnection {
  #options;
  #recovery;
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /** @type {RTCPeerConnection | null} */
  #connection = null;
  /** The relay's ICE name for this connection. */
  #iceName = "";
  #isRunning = false;
  #rebuildCount = 0;
  /** @type {Map<string, {seat: string, source: Source}>} */
  #origins = new Map();
  /** @type {Promise<void>} */
  #queue = Promise.resolve();

  /** @param {SubscribeOptions} options */
  constructor(options) {
    this.#options = options;
    this.#recovery = new Recovery(options.onLost, options.onState);
  }

  /** @param {RTCIceServer[]} iceServers */
  start(iceServers) {
    this.#iceServers = iceServers;
    this.#isRunning = true;
    return this.rebuild();
  }

  /** Ask the relay for a new connection; its first offer comes with the first track. */
  async rebuild() {
    this.#discard();
    if (!this.#isRunning) return;
    const ticket = ++this.#rebuildCount;
    try {
      await this.#options.signalling.request("subscribe");
    } catch (error) {
      if (ticket === this.#rebuildCount) this.#giveUp(error);
    }
  }

  /** @param {SubscribeOffer} offer */
  handleOffer(offer) {
    if (this.#isRunning) this.#queue = this.#queue.then(() => this.#answer(offer));
  }

  /**
   * Other people in the sections there are, without a new offer.
   *
   * @param {SubscribeOffer["tracks"]} tracks
   */
  handleMoved(tracks) {
    this.#queue = this.#queue.then(() => {
      if (this.#isRunning && this.#connection) this.#announce(this.#connection, tracks);
    });
  }

  stop() {
    this.#isRunning = false;
    this.#discard();
    this.#recovery.stop();
  }

  /**
   * How loud each person's microphone is right now, 0 to 1, as far as sound arrives.
   *
   * @returns {Map<string, number>} by seat
   */
  readLevels() {
    /** @type {Map<string, number>} */
    const levels = new Map();
    for (const { mid, receiver } of this.#connection?.getTransceivers() ?? []) {
      const origin = mid === null ? undefined : this.#origins.get(mid);
      if (origin?.source !== "microphone") continue;
      levels.set(origin.seat, receiver.getSynchronizationSources()[0]?.audioLevel ?? 0);
    }
    return levels;
  }

  /** The statistics with the origin of each stream, by mid. */
  async getStats() {
    const report = await this.#connection?.getStats();
    return report ? { report, origins: new Map(this.#origins) } : null;
  }

  /** @param {SubscribeOffer} offer */
  async #answer(offer) {
    if (!this.#isRunning) return;
    const connection = this.#findConnection(offer.sdp);
    try {
      await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
      await connection.setLocalDescription(await connection.createAnswer());
      const sdp = connection.localDescription?.sdp ?? "";
      const answered = this.#options.signalling.request("subscribe_answer", {
        generation: offer.generation,
        sdp,
      });
      this.#announce(connection, offer.tracks);
      await answered;
    } catch (error) {
      if (error instanceof RequestFailed && error.code === "stale_generation") return;
      if (connection === this.#connection) this.#giveUp(error);
    }
  }

  /**
   * The relay keeps one ICE name per connection. An offer with another name belongs to another
   * connection, so it gets a new one on our side too; whether it overtook the answer to our
   * `subscribe` does not matter then.
   *
   * @param {string} sdp
   */
  #findConnection(sdp) {
    const iceName = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? "";
    if (this.#connection && iceName === this.#iceName) return this.#connection;
    this.#discard();
    this.#iceName = iceName;
    return this.#open();
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {SubscribeOffer["tracks"]} offered
   */
  #announce(connection, offered) {
    this.#origins = new Map(offered.map(({ mid, seat, source }) => [mid, { seat, source }]));
    /** @type {RemoteTrack[]} */
    const tracks = [];
    for (const { mid, receiver, currentDirection } of connection.getTransceivers()) {
      const origin = mid === null ? undefined : this.#origins.get(mid);
      const isReceiving = currentDirection === "recvonly" || currentDirection === "sendrecv";
      if (origin && isReceiving) tracks.push({ ...origin, track: receiver.track });
    }
    this.#options.onTracks(tracks);
  }

  #open() {
    const connection = new RTCPeerConnection({
      iceServers: this.#iceServers,
      bundlePolicy: "max-bundle",
    });
    this.#connection = connection;
    this.#recovery.watch(connection);
    return connection;
  }

  /** @param {unknown} error */
  #giveUp(error) {
    this.#discard();
    if (error instanceof RequestFailed && error.code === "connection_lost") {
      this.#recovery.stop(); // The next snapshot starts us again.
    } else {
      console.warn("Subscribing failed:", error);
      this.#recovery.fail();
    }
  }

  #discard() {
    this.#origins.clear();
    if (this.#connection) this.#connection.onconnectionstatechange = null;
    this.#connection?.close();
    this.#connection = null;
  }
}
