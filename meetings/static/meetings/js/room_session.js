/**
 * One person's stay in the room: ties the socket, the connections and the devices to the state.
 * The page calls its verbs and draws its store; nothing here knows an element.
 *
 * @typedef {import("./protocol.js").Source} Source
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./room_state.js").RoomState} RoomState
 *
 * @typedef {{kind: "joined" | "left" | "waiting", names: string[]} |
 *   {kind: "muted_by_host", source: Source, name: string} |
 *   {kind: "talking_while_muted"} |
 *   {kind: "refused", sentence: string}} Notice  something to tell the person once
 */

import { LocalMedia } from "./local_media.js";
import { Peer } from "./peer.js";
import { keepPreferences, readPreferences } from "./preferences.js";
import * as room from "./room_state.js";
import { RequestFailed, Signalling } from "./signalling.js";
import { Store } from "./store.js";

/** @type {Source[]} */
const SOURCES = ["microphone", "camera", "screen", "screen_audio"];
const CHAT_LIMIT_MS = 8_000;

export class RoomSession {
  #signalling;
  #peer;
  /** What the server believes of our sources. @type {import("./protocol.js").Sources} */
  #reported = {};
  #onNotice;

  /**
   * @param {object} options
   * @param {string} options.socketUrl
   * @param {(notice: Notice) => void} options.onNotice
   */
  constructor({ socketUrl, onNotice }) {
    this.#onNotice = onNotice;
    this.media = new LocalMedia({
      onState: (media) => this.#noteMedia(media),
      onTrack: (source, track) => this.#publish(source, track),
    });
    this.store = new Store(room.createRoomState(this.media.state));
    this.#signalling = new Signalling({
      url: socketUrl,
      onMessage: (message) => this.#receive(message),
      onState: (socket) => this.#noteSocket(socket),
    });
    this.#peer = new Peer({
      signalling: this.#signalling,
      onTracks: (tracks) => this.#update({ tracks }),
      onState: (peer) => this.#update({ peer }),
      onRefused: (error) => this.#tellRefusal(error),
    });
  }

  get state() {
    return this.store.state;
  }

  /** Something of ours is being sent. */
  get isPublishing() {
    return this.#peer.isPublishing;
  }

  /** Open the devices this person used last time. */
  async prepare() {
    const { microphoneId, cameraId, speakerId = "", isMicrophoneOn, isCameraOn } = readPreferences();
    this.media.chooseSpeaker(speakerId);
    await this.media.open({
      microphoneId,
      cameraId,
      withMicrophone: true,
      withCamera: isCameraOn !== false,
    });
    if (isMicrophoneOn === false) await this.media.switchMicrophone(false);
  }

  join() {
    if (this.state.phase !== "prejoin") return;
    this.#update({ phase: "connecting" });
    this.#signalling.start();
  }

  /** After a loss: at once instead of at the next delay. */
  tryAgain() {
    this.#signalling.start();
  }

  async leave() {
    await this.#signalling.leave();
  }

  async toggleMicrophone() {
    await this.media.switchMicrophone(!this.media.state.microphone.isOn);
    keepPreferences({ isMicrophoneOn: this.media.state.microphone.isOn });
  }

  async toggleCamera() {
    await this.media.switchCamera(!this.media.state.camera.isOn);
    keepPreferences({ isCameraOn: this.media.state.camera.isOn });
  }

  async toggleScreen() {
    if (this.media.state.screen.isOn) this.media.stopScreen();
    else await this.media.shareScreen();
  }

  /** @param {import("./room_state.js").Panel} panel */
  togglePanel(panel) {
    this.store.update((state) => room.showPanel(state, state.panel === panel ? null : panel));
  }

  /** @param {string} key  of a tile */
  togglePin(key) {
    this.#update({ pinned: this.state.pinned === key ? null : key });
  }

  /** @param {string} text */
  sendChat(text) {
    return this.#deliverChat({ clientId: crypto.randomUUID(), text, hasFailed: false });
  }

  /** @param {string} clientId */
  resendChat(clientId) {
    const line = this.state.pendingChat.find((pending) => pending.clientId === clientId);
    return line && this.#deliverChat({ ...line, hasFailed: false });
  }

  /** @param {string} seat */
  admit(seat) {
    return this.#ask("admit", { seat });
  }

  async admitAll() {
    for (const { seat } of this.state.lobby) await this.admit(seat);
  }

  /** @param {string} seat */
  deny(seat) {
    return this.#ask("deny", { seat });
  }

  /**
   * @param {string} seat
   * @param {Source} source
   */
  mute(seat, source) {
    return this.#ask("mute", { seat, source });
  }

  /** @param {string} seat */
  remove(seat) {
    return this.#ask("remove", { seat });
  }

  endMeeting() {
    return this.#ask("end_meeting");
  }

  /** Whoever starts a recording agrees to be in it. */
  async startRecording() {
    if (await this.#ask("start_recording")) this.store.update((state) => room.noteRecordingAnswer(state, true));
  }

  stopRecording() {
    return this.#ask("stop_recording");
  }

  /** @param {boolean} agrees */
  async answerRecording(agrees) {
    const isTaken = await this.#ask("answer_recording", { agrees });
    if (isTaken) this.store.update((state) => room.noteRecordingAnswer(state, agrees));
  }

  /**
   * What the person sees; the relay sends nothing else. A loss needs no word: with the next tracks
   * it is told again.
   *
   * @param {import("./protocol.js").ViewTile[]} tiles
   */
  async setView(tiles) {
    if (this.state.phase !== "room" || this.state.relay !== "ready") return;
    await this.#signalling.request("set_view", { tiles }).catch(() => {});
  }

  readLevels() {
    return this.#peer.readLevels();
  }

  getStats() {
    return this.#peer.getStats();
  }

  /** @param {ServerMessage} message */
  #receive(message) {
    const before = this.state;
    this.store.update((state) => room.applyMessage(state, message));
    this.#tell(before, message);
    if (message.type === "snapshot") this.#enter(message);
    if (message.type === "subscribe_offer") this.#peer.handleOffer(message);
    if (message.type === "tracks_moved") this.#peer.handleMoved(message.tracks);
    if (message.type === "layers_wanted") this.#peer.setLayers(message.source, message.layers);
    if (message.type === "offer_wanted") this.#peer.offerAgain();
    if (message.type === "force_mute") this.#obeyMute(message);
    if (message.type === "relay_lost") this.#peer.stop();
    if (message.type === "relay_ready") this.#peer.restart(this.state.iceServers);
    if (message.type === "error") this.#onNotice({ kind: "refused", sentence: message.sentence });
  }

  /** @param {import("./protocol.js").Snapshot} snapshot */
  #enter(snapshot) {
    this.#reported = { ...room.findEntry(this.state, snapshot.me.seat)?.sources };
    for (const source of SOURCES) this.#publish(source, this.media.findTrack(source));
    if (snapshot.relay === "ready") this.#peer.resume(snapshot.ice_servers);
    else this.#peer.stop();
    this.#reportSources();
    for (const line of this.state.pendingChat) void this.#deliverChat(line);
  }

  /** @param {import("./protocol.js").ForceMute} message */
  #obeyMute({ source, by }) {
    if (source === "microphone") void this.media.switchMicrophone(false);
    else if (source === "camera") void this.media.switchCamera(false);
    else this.media.stopScreen();
    const name = room.findEntry(this.state, by)?.display_name ?? "";
    this.#onNotice({ kind: "muted_by_host", source, name });
  }

  /**
   * @param {RoomState} before
   * @param {ServerMessage} message
   */
  #tell(before, message) {
    if (message.type === "participant_joined" && !room.findEntry(before, message.seat)) {
      if (message.seat !== before.me?.seat) this.#onNotice({ kind: "joined", names: [message.display_name] });
    } else if (message.type === "participant_left" && room.findEntry(before, message.seat)) {
      if (message.seat !== before.me?.seat) this.#onNotice({ kind: "left", names: [message.display_name] });
    } else if (message.type === "lobby_changed" || message.type === "snapshot") {
      const known = new Set(before.lobby.map(({ seat }) => seat));
      const names = message.lobby.filter(({ seat }) => !known.has(seat)).map((entry) => entry.display_name);
      if (names.length) this.#onNotice({ kind: "waiting", names });
    }
  }

  /** @param {import("./local_media.js").LocalMediaState} media */
  #noteMedia(media) {
    this.#update({ media });
    this.#reportSources();
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  #publish(source, track) {
    const permission = source === "screen_audio" ? "publish_screen" : `publish_${source}`;
    const mayPublish = room.isAllowed(this.state, /** @type {any} */ (permission));
    this.#peer.setTrack(source, mayPublish ? track : null);
  }

  /** Tell the room what is on, as far as it does not know. */
  #reportSources() {
    if (this.#signalling?.state.phase !== "open") return;
    for (const source of SOURCES) {
      const isOn = this.#isOn(source);
      if (isOn === (this.#reported[source] ?? false)) continue;
      this.#reported[source] = isOn;
      void this.#ask("set_source", { source, enabled: isOn });
    }
  }

  /** @param {Source} source */
  #isOn(source) {
    if (source === "screen_audio") return this.media.findTrack("screen_audio") !== null;
    return this.media.state[source].isOn;
  }

  /** @param {import("./signalling.js").SignallingState} socket */
  #noteSocket(socket) {
    this.store.update((state) => room.applySocket(state, socket));
    if (socket.phase !== "ended") return;
    this.#peer.stop();
    if (socket.ending !== "gave_up") this.media.close();
  }

  /** @param {import("./room_state.js").PendingLine} line */
  async #deliverChat(line) {
    this.store.update((state) => room.putPendingLine(state, line));
    const content = { client_id: line.clientId, text: line.text };
    try {
      await this.#signalling.request("send_chat", content, CHAT_LIMIT_MS);
    } catch (error) {
      // A line that met a lost connection is sent again with the next snapshot.
      if (error instanceof RequestFailed && error.code === "connection_lost") return;
      this.store.update((state) => room.putPendingLine(state, { ...line, hasFailed: true }));
      this.#tellRefusal(error);
    }
  }

  /**
   * Whether the server did it; why not is told.
   *
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   */
  async #ask(type, fields) {
    try {
      await this.#signalling.request(type, fields);
    } catch (error) {
      this.#tellRefusal(error);
      return false;
    }
    return true;
  }

  /** @param {unknown} error */
  #tellRefusal(error) {
    if (!(error instanceof RequestFailed)) throw error;
    if (error.sentence) this.#onNotice({ kind: "refused", sentence: error.sentence });
  }

  /** @param {Partial<RoomState>} change */
  #update(change) {
    this.store?.update((state) => ({ ...state, ...change }));
  }
}
