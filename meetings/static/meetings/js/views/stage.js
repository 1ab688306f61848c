/** Draws the stage: one tile per person and screen, as large as the space allows. */

import { chooseGrid } from "../grid_layout.js";
import { findEntry } from "../room_state.js";
import { planStage } from "../stage_layout.js";
import { findQuality } from "../stats.js";
import { ViewReport } from "../view_report.js";
import { part } from "./dom.js";
import { showName } from "./people_words.js";
import { Tile } from "./tile.js";

const GAP = 12;
/** A page out of sight is sent no video, unless it comes back soon. */
const HIDDEN_AFTER_MS = 5_000;
const MOST_PIXELS = 16_384;

export class Stage {
  #element;
  #main;
  #side;
  #alone;
  #session;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** The tiles of others, as they are laid out now. @type {import("../stage_layout.js").Tile[]} */
  #shown = [];
  #large = "";
  #isOutOfSight = false;
  #report;
  #sizes = new ResizeObserver(() => this.#report.change());

  /**
   * @param {HTMLElement} root
   * @param {import("../room_session.js").RoomSession} session
   */
  constructor(root, session) {
    this.#session = session;
    this.#element = part(root, "stage");
    this.#main = part(root, "stage-main");
    this.#side = part(root, "stage-side");
    this.#alone = part(root, "alone");
    this.#report = new ViewReport({
      measure: () => this.#measure(),
      send: (tiles) => void session.setView(tiles),
    });
    session.store.subscribe(
      [
        (state) => state.roster,
        (state) => state.me,
        (state) => state.tracks,
        (state) => state.speaking,
        (state) => state.activeSpeaker,
        (state) => state.quality,
        (state) => state.connections,
        (state) => state.paused,
        (state) => state.pinned,
        (state) => state.media,
      ],
      (state) => this.#draw(state),
    );
    session.store.subscribe([(state) => state.tracks], () => this.#report.renew());
    document.addEventListener("visibilitychange", () => this.#noteSight());
    new ResizeObserver(() => this.#fit()).observe(this.#main);
  }

  /** @param {import("../room_state.js").RoomState} state */
  #draw(state) {
    const plan = planStage(state);
    this.#element.dataset.layout = plan.layout;
    this.#place(this.#main, plan.main, state);
    this.#place(this.#side, plan.side, state);
    this.#side.dataset.more = plan.hiddenCount ? `+${plan.hiddenCount}` : "";
    this.#side.hidden = plan.side.length === 0;
    this.#alone.hidden = state.roster.length !== 1;
    this.#shown = [...plan.main, ...plan.side].filter(({ isSelf }) => !isSelf);
    this.#large = plan.layout === "grid" ? "" : plan.main[0].key;
    this.#report.change();
    this.#forget(new Set([...plan.main, ...plan.side].map(({ key }) => key)));
    this.#fit();
  }

  /**
   * @param {HTMLElement} container
   * @param {import("../stage_layout.js").Tile[]} planned
   * @param {import("../room_state.js").RoomState} state
   */
  #place(container, planned, state) {
    planned.forEach((plan, index) => {
      const tile = this.#find(plan.key);
      // Moving an element pauses its video, so only what is out of place is moved.
      if (container.children[index] !== tile.element) {
        container.insertBefore(tile.element, container.children[index] ?? null);
        tile.resume();
      }
      tile.draw(this.#describe(plan, state));
    });
  }

  /** @param {string} key */
  #find(key) {
    let tile = this.#tiles.get(key);
    if (!tile) {
      tile = new Tile(() => this.#session.togglePin(key));
      this.#tiles.set(key, tile);
      this.#sizes.observe(tile.element);
    }
    return tile;
  }

  /** @param {Set<string>} kept */
  #forget(kept) {
    for (const [key, tile] of this.#tiles) {
      if (kept.has(key)) continue;
      this.#sizes.unobserve(tile.element);
      tile.remove();
      this.#tiles.delete(key);
    }
  }

  /**
   * @param {import("../stage_layout.js").Tile} plan
   * @param {import("../room_state.js").RoomState} state
   * @returns {import("./tile.js").TileContent}
   */
  #describe({ key, seat, source, isSelf }, state) {
    const entry = findEntry(state, seat);
    return {
      seat,
      source,
      isSelf,
      name: entry ? showName(entry) : "",
      isConnected: isSelf || (entry?.is_connected ?? false),
      isMicrophoneOn: isSelf ? state.media.microphone.isOn : (entry?.sources.microphone ?? false),
      isSpeaking: source === "camera" && state.speaking.has(seat),
      isPinned: state.pinned === key,
      isPaused: state.paused.has(key),
      track: this.#findTrack(seat, source, isSelf, state),
      quality: entry ? findQuality(state, entry) : undefined,
    };
  }

  /**
   * @param {string} seat
   * @param {"camera" | "screen"} source
   * @param {boolean} isSelf
   * @param {import("../room_state.js").RoomState} state
   */
  #findTrack(seat, source, isSelf, state) {
    if (isSelf) return this.#session.media.findTrack(source);
    if (!findEntry(state, seat)?.sources[source]) return null;
    return state.tracks.find((track) => track.seat === seat && track.source === source)?.track ?? null;
  }

  /** What of others is in sight, in pixels of the device. */
  #measure() {
    return this.#isOutOfSight ? [] : this.#shown.map(({ key, seat, source }) => {
      const box = this.#tiles.get(key)?.element.getBoundingClientRect();
      return {
        seat,
        source,
        width: countPixels(box?.width ?? 0),
        height: countPixels(box?.height ?? 0),
        is_stage: key === this.#large,
      };
    });
  }

  #noteSight() {
    setTimeout(() => {
      if (this.#isOutOfSight === document.hidden) return;
      this.#isOutOfSight = document.hidden;
      this.#report.change();
    }, document.hidden ? HIDDEN_AFTER_MS : 0);
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#main;
    const isSingle = this.#element.dataset.layout !== "grid";
    const grid = isSingle
      ? { width, height }
      : chooseGrid({
          count: this.#main.childElementCount,
          width,
          height,
          gap: GAP,
          leastRatio: width > height ? 4 / 3 : 3 / 4,
        });
    this.#main.style.setProperty("--tile-width", `${grid.width}px`);
    this.#main.style.setProperty("--tile-height", `${grid.height}px`);
  }
}

/** @param {number} length  in CSS pixels */
function countPixels(length) {
  return Math.min(MOST_PIXELS, Math.ceil(length * devicePixelRatio));
}
