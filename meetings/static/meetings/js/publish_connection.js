/**
 * What we send: one peer connection whose offers always come from here. A source keeps its
 * transceiver, so switching it off and on again needs no new offer; only a camera that has room for
 * more or fewer sizes than the one before needs another transceiver.
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
import { chooseEncodings } from "./video_sizes.js";

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
  /** Those of cameras with another number of sizes. @type {RTCRtpTransceiver[]} */
  #resting = [];
  #isRunning = false;
  /** One exchange of descriptions at a time. @type {Promise<void>} */
  #queue = Promise.resolve();

  /** @param {PublishOptions} options */
  constructor(options) {
    this.#options = options;
    this.#recovery = new Recovery(options.onLost, options.onState);
  }

  get isSending() {
    return this.#tracks.size > 0;
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
    const transceiver = this.#transceivers.get(source);
    // Before its answer this speaks of the one before; each begins with all of them. One that
    // rested is still called inactive then.
    if (transceiver?.currentDirection !== "sendonly") return;
    void this.#enqueue(() => applyLayers(transceiver.sender, layers));
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
    const encodings = track ? chooseEncodings(source, track.getSettings()) : null;
    const isFit = source !== "camera" || !transceiver || !encodings || countEncodings(transceiver) === encodings.length;
    if (transceiver && !isFit) {
      await this.#rest(source, transceiver);
      await this.#negotiate();
    } else if (transceiver) {
      await transceiver.sender.replaceTrack(track);
      if (encodings) await applyBitrates(transceiver.sender, encodings);
    } else if (track && this.#isRunning) await this.#negotiate();
  }

  /**
   * The number of sizes is fixed with the transceiver.
   *
   * @param {Source} source
   * @param {RTCRtpTransceiver} transceiver
   */
  async #rest(source, transceiver) {
    transceiver.direction = "inactive";
    await transceiver.sender.replaceTrack(null);
    this.#transceivers.delete(source);
    this.#resting.push(transceiver);
  }

  async #negotiate() {
    const connection = this.#connection ?? this.#open();
    try {
      await this.#addMissingTransceivers(connection);
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
  async #addMissingTransceivers(connection) {
    for (const [source, track] of this.#tracks) {
      if (this.#transceivers.has(source)) continue;
      const sendEncodings = chooseEncodings(source, track.getSettings());
      const transceiver =
        (source === "camera" && (await this.#wake(track, sendEncodings))) ||
        connection.addTransceiver(track, { direction: "sendonly", sendEncodings });
      this.#transceivers.set(source, transceiver);
    }
  }

  /**
   * One that rests and has as many sizes.
   *
   * @param {MediaStreamTrack} track
   * @param {RTCRtpEncodingParameters[]} encodings
   */
  async #wake(track, encodings) {
    const index = this.#resting.findIndex((resting) => countEncodings(resting) === encodings.length);
    if (index === -1) return null;
    const [transceiver] = this.#resting.splice(index, 1);
    transceiver.direction = "sendonly";
    await transceiver.sender.replaceTrack(track);
    await applyBitrates(transceiver.sender, encodings);
    await applyLayers(transceiver.sender, [...encodings.keys()]);
    return transceiver;
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
    this.#resting = [];
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

/** @param {RTCRtpTransceiver} transceiver */
function countEncodings({ sender }) {
  return sender.getParameters().encodings.length;
}

/**
 * @param {RTCRtpSender} sender
 * @param {number[]} layers  those that somebody watches
 */
function applyLayers(sender, layers) {
  return change(sender, (encoding, index) => (encoding.active = layers.includes(index)));
}

/**
 * @param {RTCRtpSender} sender
 * @param {RTCRtpEncodingParameters[]} encodings
 */
function applyBitrates(sender, encodings) {
  return change(sender, (encoding, index) => {
    if (encodings[index].maxBitrate) encoding.maxBitrate = encodings[index].maxBitrate;
  });
}

/**
 * @param {RTCRtpSender} sender
 * @param {(encoding: RTCRtpEncodingParameters, index: number) => void} alter
 */
async function change(sender, alter) {
  const parameters = sender.getParameters();
  parameters.encodings.forEach(alter);
  await sender.setParameters(parameters).catch((error) => console.warn("Encodings:", error));
}
