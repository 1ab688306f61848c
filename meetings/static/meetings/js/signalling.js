/**
 * The room's socket: one WebSocket after another, requests with answers and time limits, messages
 * in order. It knows the protocol, but neither media nor the page.
 *
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./protocol.js").Delta} Delta
 *
 * @typedef {"no_seat" | "removed" | "unknown_meeting" | "replaced" | "meeting_ended" | "left" |
 *   "gave_up"} Ending  why the socket stays closed
 *
 * @typedef {object} SignallingState
 * @property {"idle" | "connecting" | "lobby" | "open" | "retrying" | "ended"} phase
 * @property {number} attempt  failed tries in a row
 * @property {Ending | null} ending  set in phase "ended"
 *
 * @typedef {object} SignallingOptions
 * @property {string} url
 * @property {(message: ServerMessage) => void} onMessage  room messages in order, snapshots too
 * @property {(state: SignallingState) => void} onState
 * @property {typeof WebSocket} [WebSocketClass]
 * @property {() => number} [random]
 */

import { chooseDelay } from "./backoff.js";
import { DeltaOrder } from "./delta_order.js";
import { CLOSE, ProtocolError, decode, encode, isDelta } from "./protocol.js";

const REQUEST_LIMIT_MS = 10_000;
const PING_EVERY_MS = 15_000;
const PING_LIMIT_MS = 6_000;
const GAP_PATIENCE_MS = 250;
/** A connection that lived this long counts as good, and the delays start anew. */
const STABLE_AFTER_MS = 5_000;
/** Together with the delays: about a minute of trying. */
const ATTEMPTS = 12;

/** @type {Record<number, Ending>} */
const ENDINGS = {
  [CLOSE.NO_SEAT]: "no_seat",
  [CLOSE.FORBIDDEN]: "removed",
  [CLOSE.UNKNOWN_MEETING]: "unknown_meeting",
  [CLOSE.REPLACED]: "replaced",
  [CLOSE.MEETING_ENDED]: "meeting_ended",
};

/** A request that was refused, timed out or lost its connection. */
export class RequestFailed extends Error {
  /**
   * @param {string} code  of the protocol, or "timeout" or "connection_lost"
   * @param {string} [sentence]  the server's own words
   */
  constructor(code, sentence = "") {
    super(sentence || code);
    this.name = "RequestFailed";
    this.code = code;
    this.sentence = sentence;
  }
}

/** The server says so before it closes the socket; the sentence may overtake the code. @type {Record<string, Ending>} */
const LAST_WORDS = { removed: "removed", replaced: "replaced", meeting_ended: "meeting_ended" };

export class Signalling {
  #options;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<string, {resolve: (answer: any) => void, reject: (error: RequestFailed) => void,
   *   timer: ReturnType<typeof setTimeout>}>} */
  #pending = new Map();
  /** @type {DeltaOrder<Delta>} */
  #order = new DeltaOrder();
  #hasSnapshot = false;
  #requestCount = 0;
  /** @type {SignallingState} */
  #state = { phase: "idle", attempt: 0, ending: null };
  /** @type {Record<string, ReturnType<typeof setTimeout>>} */
  #timers = {};

  /** @param {SignallingOptions} options */
  constructor(options) {
    this.#options = options;
  }

  get state() {
    return this.#state;
  }

  /** Connect, or try again at once after a loss. */
  start() {
    if (this.#socket) return;
    if (this.#state.phase === "ended") this.#setState({ phase: "connecting", attempt: 0, ending: null });
    this.#connect();
  }

  /**
   * Ask the server for something.
   *
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   * @returns {Promise<any>} the answer; rejected with RequestFailed
   */
  request(type, fields = {}, limitMs = REQUEST_LIMIT_MS) {
    const socket = this.#socket;
    if (!socket || socket.readyState !== 1) return Promise.reject(new RequestFailed("connection_lost"));
    const id = `c${++this.#requestCount}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(new RequestFailed("timeout")), limitMs);
      this.#pending.set(id, { resolve, reject, timer });
      socket.send(encode({ type, id, ...fields }));
    });
  }

  /**
   * Ask for a new snapshot on the line there is.
   *
   * @returns {Promise<boolean>} whether there is still a line
   */
  async greetAgain() {
    const socket = this.#socket;
    if (socket?.readyState !== 1) return false;
    await this.#sayHello(socket);
    return socket === this.#socket;
  }

  /** Say goodbye and stay away. */
  async leave() {
    if (this.#state.phase === "ended") return;
    try {
      await this.request("leave", {}, 1_000);
    } catch {
      // The server notices the closed socket as well.
    }
    this.#end("left");
  }

  #connect() {
    clearTimeout(this.#timers.retry);
    const Socket = this.#options.WebSocketClass ?? WebSocket;
    const socket = new Socket(this.#options.url);
    this.#socket = socket;
    if (this.#state.phase === "idle") this.#setState({ phase: "connecting" });
    this.#timers.opening = setTimeout(() => this.#lose(socket, 1006), REQUEST_LIMIT_MS);
    socket.onopen = () => this.#sayHello(socket);
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#lose(socket, event.code);
  }

  /** @param {WebSocket} socket */
  async #sayHello(socket) {
    clearTimeout(this.#timers.opening);
    const resumeSeq = this.#hasSnapshot ? this.#order.lastSeq : null;
    try {
      await this.request("hello", { resume_seq: resumeSeq });
    } catch (error) {
      // A refusal comes with a close code of its own; silence does not.
      if (/** @type {RequestFailed} */ (error).code === "timeout") this.#lose(socket, 1006);
    }
  }

  /**
   * @param {WebSocket} socket
   * @param {string} line
   */
  #receive(socket, line) {
    if (socket !== this.#socket) return;
    let message;
    try {
      message = decode(line);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      console.warn("A message of the server was not understood:", error.message);
      return;
    }
    this.#dispatch(socket, message);
  }

  /**
   * @param {WebSocket} socket
   * @param {ServerMessage} message
   */
  #dispatch(socket, message) {
    if (message.type === "snapshot") this.#enter();
    if (message.type === "waiting") this.#setState({ phase: "lobby" });
    if (message.type === "admitted") void this.#sayHello(socket);
    if (isDelta(message)) this.#deliver(this.#order.take(message));
    else if (!("id" in message) || message.type === "snapshot" || message.type === "waiting") {
      this.#options.onMessage(message);
    }
    if (message.type === "snapshot") this.#deliver(this.#order.restart(message.seq));
    if ("id" in message && message.id !== undefined) this.#answer(message.id, message);
    if (LAST_WORDS[message.type]) this.#end(LAST_WORDS[message.type]);
    this.#watchGap();
  }

  #enter() {
    this.#hasSnapshot = true;
    this.#setState({ phase: "open", ending: null });
    clearTimeout(this.#timers.stable);
    this.#timers.stable = setTimeout(() => this.#setState({ attempt: 0 }), STABLE_AFTER_MS);
    this.#schedulePing();
  }

  /**
   * @param {string} id
   * @param {ServerMessage} message
   */
  #answer(id, message) {
    const request = this.#settle(id);
    if (message.type === "error") request?.reject(new RequestFailed(message.code, message.sentence));
    else request?.resolve(message);
  }

  /** @param {string} id */
  #settle(id) {
    const request = this.#pending.get(id);
    if (request) clearTimeout(request.timer);
    this.#pending.delete(id);
    return request;
  }

  /** @param {Delta[]} messages */
  #deliver(messages) {
    for (const message of messages) this.#options.onMessage(message);
  }

  #watchGap() {
    if (this.#order.gapAfter === null) {
      clearTimeout(this.#timers.gap);
      delete this.#timers.gap;
    } else if (!this.#timers.gap) {
      this.#timers.gap = setTimeout(() => void this.#fetchMissed(), GAP_PATIENCE_MS);
    }
  }

  async #fetchMissed() {
    const after = this.#order.gapAfter;
    const socket = this.#socket;
    delete this.#timers.gap;
    if (after === null || !socket) return;
    try {
      const { messages } = await this.request("fetch", { after_seq: after });
      this.#deliver(this.#order.fill(messages));
    } catch {
      if (socket === this.#socket) await this.#sayHello(socket);
    }
  }

  #schedulePing() {
    clearTimeout(this.#timers.ping);
    this.#timers.ping = setTimeout(() => void this.#ping(), PING_EVERY_MS);
  }

  async #ping() {
    const socket = this.#socket;
    if (!socket) return;
    try {
      await this.request("ping", {}, PING_LIMIT_MS);
      if (socket === this.#socket) this.#schedulePing();
    } catch {
      this.#lose(socket, 1006);
    }
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   */
  #lose(socket, code) {
    if (socket !== this.#socket) return;
    this.#abandonSocket();
    const ending = ENDINGS[code];
    if (ending) this.#end(ending);
    else if (this.#state.attempt >= ATTEMPTS) this.#end("gave_up");
    else this.#retry();
  }

  #retry() {
    const attempt = this.#state.attempt;
    this.#setState({ phase: "retrying", attempt: attempt + 1 });
    this.#timers.retry = setTimeout(() => this.#connect(), chooseDelay(attempt, this.#options.random));
  }

  /** @param {Ending} ending */
  #end(ending) {
    this.#abandonSocket();
    this.#setState({ phase: "ended", ending });
  }

  #abandonSocket() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id)?.reject(new RequestFailed("connection_lost"));
    }
  }

  /** @param {Partial<SignallingState>} change */
  #setState(change) {
    this.#state = { ...this.#state, ...change };
    this.#options.onState(this.#state);
  }
}
