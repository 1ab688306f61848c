/** Plays everybody's sound, whether their tile is seen or not, and small signals of our own. */

import { openAudioContext } from "../level_meter.js";
import { part } from "./dom.js";

export class Sounds {
  #root;
  #onBlocked;
  /** @type {Map<MediaStreamTrack, HTMLAudioElement>} */
  #players = new Map();

  /**
   * @param {HTMLElement} root
   * @param {import("../room_session.js").RoomSession} session
   * @param {() => void} onBlocked  the browser wants a click before it plays
   */
  constructor(root, session, onBlocked) {
    this.#root = part(root, "sounds");
    this.#onBlocked = onBlocked;
    session.store.subscribe([(state) => state.tracks], ({ tracks }) => this.#draw(tracks));
    session.store.subscribe([(state) => state.media.speakerId], ({ media }) => {
      for (const player of this.#players.values()) chooseOutput(player, media.speakerId);
      this.#speakerId = media.speakerId;
    });
  }

  #speakerId = "";

  /** After a click: play what was held back. */
  unlock() {
    openAudioContext();
    for (const player of this.#players.values()) void player.play().catch(() => {});
  }

  /** @param {import("../peer.js").RemoteTrack[]} tracks */
  #draw(tracks) {
    const heard = new Set(
      tracks.filter(({ track }) => track.kind === "audio").map(({ track }) => track),
    );
    for (const [track, player] of this.#players) if (!heard.has(track)) this.#stop(track, player);
    for (const track of heard) if (!this.#players.has(track)) this.#start(track);
  }

  /** @param {MediaStreamTrack} track */
  #start(track) {
    const player = document.createElement("audio");
    player.autoplay = true;
    player.srcObject = new MediaStream([track]);
    chooseOutput(player, this.#speakerId);
    this.#root.append(player);
    this.#players.set(track, player);
    player.play().catch((error) => {
      if (error.name === "NotAllowedError") this.#onBlocked();
    });
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {HTMLAudioElement} player
   */
  #stop(track, player) {
    player.srcObject = null;
    player.remove();
    this.#players.delete(track);
  }
}

/** Two soft tones: somebody waits, or a test of the speaker. */
export async function playSignal(speakerId = "") {
  const context = openAudioContext();
  if (speakerId && "setSinkId" in context) {
    await /** @type {any} */ (context).setSinkId(speakerId).catch(() => {});
  }
  [523.25, 659.25].forEach((frequency, index) => playTone(context, frequency, index * 0.18));
}

/**
 * @param {AudioContext} context
 * @param {number} frequency
 * @param {number} delayS
 */
function playTone(context, frequency, delayS) {
  const start = context.currentTime + delayS;
  const oscillator = new OscillatorNode(context, { frequency });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setTargetAtTime(0.15, start, 0.02);
  gain.gain.setTargetAtTime(0, start + 0.16, 0.08);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.8);
}

/**
 * @param {HTMLAudioElement} player
 * @param {string} speakerId
 */
function chooseOutput(player, speakerId) {
  // A speaker that is gone leaves the sound where it is.
  if ("setSinkId" in player) void player.setSinkId(speakerId).catch(() => {});
}
