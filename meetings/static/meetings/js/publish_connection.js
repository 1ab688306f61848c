/**
 * What we send: one peer connection whose offers always come from here. A source keeps its
 * transceiver for the life of the connection, so switching it off and on again needs no new offer.
 *
 * @typedef {import("./protocol.js").Source} Source
 * @typedef {import("./recovery.js").ConnectionState} ConnectionState
 *
 * @typedef {object} PublishOptions
 * @property {import("./signalling.js").Signalling} signalling
 * @property {(state: ConnectionState) => void} onState
 * @property {(error: import("./signalling.js").RequestFailed) => void} onRefused
 * @property {() => void} onLost  has it rebuilt
 */

import { Recovery } from "./recovery.js";
import { RequestFailed } from "./signalling.js";

/**
 * A camera is sent in three sizes, the smallest first; the relay gives each viewer the one that
 * suits their tile and their network. The scalability mode is what VP8 does anyway; VP9 and AV1
 * send several sizes only where it is named.
 *
 * @type {Record<Source, RTCRtpEncodingParameters[]>}
 */
const ENCODINGS = {
  microphone: [{}],
  camera: [
    { rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: "L1T3" },
    { rid: "m", scaleResolutionDownBy: 2, maxBitrate: 450_000, scalabilityMode: "L1T3" },
    { rid: "h", scaleResolutionDownBy: 1, maxBitrate: 1_500_000, scalabilityMode: "L1T3" },
  ],
  screen: [{ maxBitrate: 2_500_000 }],
  screen_audio: [{}],
};

/** Refusals that trying again does not change. */
const FINAL_REFUSALS = new Set(["not_permitted", "too_many", "forbidden"]);

export class PublishConnection {
  #options;
  #recovery;
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /** @type {RTCPeerConnection | null} */
  #connection = null;
  /** @type {Map<Source, MediaStreamTrack>} */
  #tracks = new Map();
  /** @type {Map<Source, RTCRtpTransceiver>} */
  #transceivers = new Map();
  #isRunning = false;
  /** One exchange of descriptions at a time. @type {Promise<void>} */
  #queue = Promise.resolve();

  /** @param {PublishOptions} options */
  constructor(options) {
    this.#options = options;
    this.#recovery = new Recovery(options.onLost, options.onState);
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track  null stops sending
   */
  setTrack(source, track) {
    if ((this.#tracks.get(source) ?? null) === track) return;
    if (track) this.#tracks.set(source, track);
    else this.#tracks.delete(source);
    // Before the start there is nothing to change: the first offer takes all tracks at once.
    if (this.#isRunning) void this.#enqueue(() => this.#applyTrack(source, track));
  }

  /**
   * Encode only the sizes that somebody watches.
   *
   * @param {Source} source
   * @param {number[]} layers  by index of the encoding
   */
  setLayers(source, layers) {
    void this.#enqueue(() => this.#applyLayers(source, layers));
  }

  /** The same tracks once more: the answer may choose another codec. */
  offerAgain() {
    void this.#enqueue(async () => {
      if (this.#connection) await this.#negotiate();
    });
  }

  /** @param {RTCIceServer[]} iceServers */
  start(iceServers) {
    this.#iceServers = iceServers;
    this.#isRunning = true;
    return this.rebuild();
  }

  /** Throw the connection away and publish every track on a new one. */
  rebuild() {
    return this.#enqueue(async () => {
      this.#discard();
      if (this.#isRunning && this.#tracks.size) await this.#negotiate();
    });
  }

  stop() {
    this.#isRunning = false;
    this.#discard();
    this.#recovery.stop();
  }

  async getStats() {
    return this.#connection?.getStats() ?? null;
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async #applyTrack(source, track) {
    const transceiver = this.#transceivers.get(source);
    if (transceiver) await transceiver.sender.replaceTrack(track);
    else if (track && this.#isRunning) await this.#negotiate();
  }

  /**
   * @param {Source} source
   * @param {number[]} layers
   */
  async #applyLayers(source, layers) {
    const sender = this.#transceivers.get(source)?.sender;
    if (!sender) return; // It is being built anew and begins with all of them.
    const parameters = sender.getParameters();
    parameters.encodings.forEach((encoding, index) => (encoding.active = layers.includes(index)));
    await sender.setParameters(parameters).catch((error) => console.warn("Layers:", error));
  }

  async #negotiate() {
    const connection = this.#connection ?? this.#open();
    try {
      this.#addMissingTransceivers(connection);
      await connection.setLocalDescription(await connection.createOffer());
      const answer = await this.#options.signalling.request("publish_offer", {
        sdp: connection.localDescription?.sdp ?? "",
        sources: this.#describeSources(),
      });
      if (connection === this.#connection) {
        await connection.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      }
    } catch (error) {
      this.#giveUp(connection, error);
    }
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

  /** @param {RTCPeerConnection} connection */
  #addMissingTransceivers(connection) {
    for (const [source, track] of this.#tracks) {
      if (this.#transceivers.has(source)) continue;
      const sendEncodings = ENCODINGS[source];
      const transceiver = connection.addTransceiver(track, { direction: "sendonly", sendEncodings });
      this.#transceivers.set(source, transceiver);
    }
  }

  #describeSources() {
    /** @type {Record<string, Source>} */
    const sources = {};
    for (const [source, { mid }] of this.#transceivers) if (mid !== null) sources[mid] = source;
    return sources;
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {unknown} error
   */
  #giveUp(connection, error) {
    if (connection !== this.#connection) return;
    this.#discard();
    if (error instanceof RequestFailed && FINAL_REFUSALS.has(error.code)) {
      this.#recovery.stop();
      this.#options.onRefused(error);
    } else if (error instanceof RequestFailed && error.code === "connection_lost") {
      this.#recovery.stop(); // The next snapshot starts us again.
    } else {
      console.warn("Publishing failed:", error);
      this.#recovery.fail();
    }
  }

  #discard() {
    this.#transceivers.clear();
    if (this.#connection) this.#connection.onconnectionstatechange = null;
    this.#connection?.close();
    this.#connection = null;
  }

  /** @param {() => Promise<void>} step */
  #enqueue(step) {
    this.#queue = this.#queue.then(step, step);
    return this.#queue;
  }
}
