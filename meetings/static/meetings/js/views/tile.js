/**
 * One picture on the stage: a person's camera or a shared screen.
 *
 * @typedef {object} TileContent
 * @property {string} name
 * @property {string} seat
 * @property {"camera" | "screen"} source
 * @property {boolean} isSelf
 * @property {boolean} isConnected
 * @property {boolean} isMicrophoneOn
 * @property {boolean} isSpeaking
 * @property {boolean} isPinned
 * @property {boolean} isPaused  our network has no room for it
 * @property {MediaStreamTrack | null} track
 * @property {import("../room_state.js").Quality | undefined} quality
 */

import { name, part, stamp } from "./dom.js";
import { chooseTone, findInitials, showQuality } from "./people_words.js";

export class Tile {
  #video;
  #parts;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #isPaused = false;

  /** @param {() => void} onPin */
  constructor(onPin) {
    this.element = stamp("tile-stamp");
    this.#video = part(this.element, "video", HTMLVideoElement);
    this.#parts = Object.fromEntries(
      ["face", "initials", "away", "paused", "pin", "muted", "name", "bars"].map((key) => [
        key, part(this.element, key),
      ]),
    );
    this.#parts.pin.addEventListener("click", onPin);
    this.#video.addEventListener("resize", () => {
      this.#showShape();
      this.#showPicture();
    });
  }

  /** @param {TileContent} content */
  draw(content) {
    const { element } = this;
    const { initials, away, paused, muted, bars } = this.#parts;
    element.dataset.seat = content.seat;
    element.dataset.source = content.source;
    element.classList.toggle("tile-self", content.isSelf && content.source === "camera");
    element.classList.toggle("tile-speaking", content.isSpeaking);
    this.#parts.name.textContent = nameTile(content);
    initials.textContent = findInitials(content.name);
    initials.dataset.tone = String(chooseTone(content.seat));
    away.hidden = content.isConnected;
    this.#isPaused = content.isPaused && content.isConnected;
    paused.hidden = !this.#isPaused;
    muted.hidden = content.isMicrophoneOn || content.source === "screen";
    bars.hidden = content.quality === undefined || content.source === "screen";
    bars.dataset.quality = String(content.quality ?? 0);
    bars.ariaLabel = showQuality(content.quality);
    this.#drawPin(content);
    this.#play(content.track);
  }

  /** Go on playing after the tile was moved. */
  resume() {
    if (this.#track) void this.#video.play().catch(() => {}); // Moved again meanwhile.
  }

  remove() {
    this.#play(null);
    this.element.remove();
  }

  /** @param {TileContent} content */
  #drawPin(content) {
    const { pin } = this.#parts;
    pin.ariaPressed = String(content.isPinned);
    const text = content.isPinned ? gettext("Unpin %(name)s") : gettext("Pin %(name)s");
    name(pin, interpolate(text, { name: nameTile(content) }, true));
  }

  /** @param {MediaStreamTrack | null} track */
  #play(track) {
    if (track !== this.#track) {
      this.#track?.removeEventListener("mute", this.#showPicture);
      this.#track?.removeEventListener("unmute", this.#showPicture);
      track?.addEventListener("mute", this.#showPicture);
      track?.addEventListener("unmute", this.#showPicture);
      this.#track = track;
      this.#video.srcObject = track && new MediaStream([track]);
      if (track) void this.#video.play().catch(() => {}); // Removed before the first frame.
    }
    this.#showPicture();
  }

  /**
   * A remote track is "muted" until its first packet, and when its sender stops; before its first
   * picture the video has no width.
   */
  #showPicture = () => {
    const isSent = this.#track !== null && !this.#track.muted && !this.#isPaused;
    const hasPicture = isSent && this.#video.videoWidth > 0;
    this.#parts.face.hidden = hasPicture;
    this.#video.hidden = !hasPicture;
  };

  /** A picture taller than wide (a phone) is shown whole instead of filling the tile. */
  #showShape() {
    this.element.classList.toggle("tile-upright", this.#video.videoHeight > this.#video.videoWidth);
  }
}

/** @param {TileContent} content */
function nameTile({ name: person, source, isSelf }) {
  if (source === "screen") {
    if (isSelf) return gettext("Your screen");
    return interpolate(gettext("Screen of %(name)s"), { name: person }, true);
  }
  return isSelf ? interpolate(gettext("%(name)s (you)"), { name: person }, true) : person;
}
