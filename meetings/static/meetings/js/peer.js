/**
 * Our two connections to the relay as one thing: publish (we offer) and subscribe (the relay
 * offers). It speaks through the signalling and knows nothing of the page.
 *
 * @typedef {import("./protocol.js").Source} Source
 * @typedef {import("./subscribe_connection.js").RemoteTrack} RemoteTrack
 * @typedef {import("./recovery.js").ConnectionState} ConnectionState
 * @typedef {{publish: ConnectionState, subscribe: ConnectionState}} PeerState
 *
 * @typedef {object} PeerOptions
 * @property {import("./signalling.js").Signalling} signalling
 * @property {(tracks: RemoteTrack[]) => void} onTracks
 * @property {(state: PeerState) => void} onState
 * @property {(error: import("./signalling.js").RequestFailed) => void} onRefused
 * @property {IceServers} [iceServers]
 */

import { IceServers } from "./ice_servers.js";
import { PublishConnection } from "./publish_connection.js";
import { SubscribeConnection } from "./subscribe_connection.js";

export class Peer {
  /** @type {PeerState} */
  #state = { publish: "idle", subscribe: "idle" };
  #publish;
  #subscribe;
  #isRunning = false;
  #signalling;
  #iceServers;
  /** Both connections are lost together, and one snapshot is enough. @type {Promise<boolean> | null} */
  #greeting = null;

  /** @param {PeerOptions} options */
  constructor({ signalling, onTracks, onState, onRefused, iceServers = new IceServers() }) {
    this.#signalling = signalling;
    this.#iceServers = iceServers;
    /** @param {Partial<PeerState>} change */
    const report = (change) => onState((this.#state = { ...this.#state, ...change }));
    this.#publish = new PublishConnection({
      signalling,
      onState: (publish) => report({ publish }),
      onRefused,
      onLost: () => void this.#withFreshServers(() => void this.#publish.rebuild()),
    });
    this.#subscribe = new SubscribeConnection({
      signalling,
      onState: (subscribe) => report({ subscribe }),
      onTracks,
      onLost: () => void this.#withFreshServers(() => void this.#subscribe.rebuild()),
    });
  }

  get isPublishing() {
    return this.#publish.isSending;
  }

  /**
   * After a snapshot: keep what is alive, since media outlives the socket; make the rest.
   *
   * @param {RTCIceServer[]} iceServers
   */
  resume(iceServers) {
    this.#iceServers.take(iceServers);
    const { publish, subscribe } = this.#state;
    if (!this.#isRunning || publish !== "connected") void this.#publish.start(iceServers);
    if (!this.#isRunning || subscribe !== "connected") void this.#subscribe.start(iceServers);
    this.#isRunning = true;
  }

  /**
   * The relay is another one, or started anew: both connections are made anew, however healthy
   * they look. A browser takes seconds to notice that nobody is at the other end.
   *
   * @param {RTCIceServer[]} iceServers
   */
  restart(iceServers) {
    if (!this.#iceServers.areFresh) this.stop();
    void this.#withFreshServers(() => {
      this.#isRunning = true;
      void this.#publish.start(iceServers);
      void this.#subscribe.start(iceServers);
    });
  }

  /**
   * New connections need credentials that hold: where they may have run out, a new snapshot brings
   * others and makes the connections itself.
   *
   * @param {() => void} connect
   */
  async #withFreshServers(connect) {
    if (this.#iceServers.areFresh) {
      connect();
      return;
    }
    this.#greeting ??= this.#signalling.greetAgain().finally(() => (this.#greeting = null));
    const hasLine = await this.#greeting;
    // Refused for now: the old ones may still do, and without TURN it may work, too.
    if (hasLine && !this.#iceServers.areFresh) connect();
  }

  stop() {
    this.#isRunning = false;
    this.#publish.stop();
    this.#subscribe.stop();
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  setTrack(source, track) {
    this.#publish.setTrack(source, track);
  }

  /**
   * @param {Source} source
   * @param {number[]} layers
   */
  setLayers(source, layers) {
    this.#publish.setLayers(source, layers);
  }

  /** Somebody cannot decode what we send: the relay's next answer names another codec. */
  offerAgain() {
    this.#publish.offerAgain();
  }

  /** @param {import("./protocol.js").SubscribeOffer} offer */
  handleOffer(offer) {
    this.#subscribe.handleOffer(offer);
  }

  /** @param {import("./protocol.js").OfferedTrack[]} tracks */
  handleMoved(tracks) {
    this.#subscribe.handleMoved(tracks);
  }

  readLevels() {
    return this.#subscribe.readLevels();
  }

  async getStats() {
    return { publish: await this.#publish.getStats(), subscribe: await this.#subscribe.getStats() };
  }
}
