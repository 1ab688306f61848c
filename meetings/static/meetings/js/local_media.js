/**
 * Our own devices: opening, switching, losing and sharing them. It knows neither the room nor the
 * page; whoever is interested subscribes.
 *
 * The microphone stays open while muted, since only so can we notice "you are talking while
 * muted"; what is sent is a copy of its track that is switched off. The camera is closed when
 * switched off, so that its light goes out.
 *
 * @typedef {import("./media_refusals.js").Refusal} Refusal
 * @typedef {import("./protocol.js").Source} Source
 *
 * @typedef {object} DeviceState
 * @property {boolean} isOn
 * @property {boolean} isBusy  the browser is asking or starting the device
 * @property {string | null} deviceId
 * @property {Refusal | null} refusal
 *
 * @typedef {object} DeviceChoice
 * @property {string} id
 * @property {string} label
 *
 * @typedef {object} LocalMediaState
 * @property {DeviceState} microphone
 * @property {DeviceState} camera
 * @property {DeviceState} screen
 * @property {boolean} isMutedByDevice  the headset's own switch is off
 * @property {Record<"microphones" | "cameras" | "speakers", DeviceChoice[]>} devices
 * @property {string} speakerId  "" is the system's choice
 */

import { explainRefusal } from "./media_refusals.js";

/** @type {MediaTrackConstraints} */
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/** @type {MediaTrackConstraints} */
const CAMERA = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
  facingMode: "user",
};
/** @type {DisplayMediaStreamOptions} */
const SCREEN = { video: { frameRate: { ideal: 15, max: 30 } }, audio: true };

/** @type {DeviceState} */
const OFF = { isOn: false, isBusy: false, deviceId: null, refusal: null };

export class LocalMedia {
  /** @type {LocalMediaState} */
  #state = {
    microphone: OFF,
    camera: OFF,
    screen: OFF,
    isMutedByDevice: false,
    devices: { microphones: [], cameras: [], speakers: [] },
    speakerId: "",
  };
  /** The microphone as captured; the copy that is sent lies in #sent. @type {MediaStreamTrack | null} */
  #captured = null;
  /** @type {Map<Source, MediaStreamTrack>} */
  #sent = new Map();
  #onState;
  #onTrack;

  /**
   * @param {object} options
   * @param {(state: LocalMediaState) => void} options.onState
   * @param {(source: Source, track: MediaStreamTrack | null) => void} options.onTrack  what is to
   *   be sent has changed
   */
  constructor({ onState, onTrack }) {
    this.#onState = onState;
    this.#onTrack = onTrack;
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.#noticeDevices());
  }

  get state() {
    return this.#state;
  }

  /** What the level meter listens to: the microphone even while muted. */
  get capturedMicrophone() {
    return this.#captured;
  }

  /** @param {Source} source */
  findTrack(source) {
    return this.#sent.get(source) ?? null;
  }

  /**
   * Open both devices with one question of the browser, and one by one when that fails, so that a
   * missing camera does not cost the microphone.
   *
   * @param {{microphoneId?: string, cameraId?: string, withMicrophone: boolean, withCamera: boolean}} wish
   */
  async open({ microphoneId, cameraId, withMicrophone, withCamera }) {
    this.#change("microphone", { isBusy: withMicrophone, deviceId: microphoneId ?? null });
    this.#change("camera", { isBusy: withCamera, deviceId: cameraId ?? null });
    try {
      if (!withMicrophone || !withCamera) throw new DOMException("", "OpenOneByOne");
      const stream = await capture({
        audio: prefer(MICROPHONE, microphoneId),
        video: prefer(CAMERA, cameraId),
      });
      this.#adoptMicrophone(stream.getAudioTracks()[0], true);
      this.#adoptCamera(stream.getVideoTracks()[0]);
    } catch {
      if (withMicrophone) await this.openMicrophone(microphoneId);
      if (withCamera) await this.openCamera(cameraId);
    }
    await this.#listDevices();
  }

  /** @param {string | null} [deviceId] */
  async openMicrophone(deviceId = this.#state.microphone.deviceId, isOn = true) {
    this.#change("microphone", { isBusy: true });
    try {
      const stream = await capture({ audio: prefer(MICROPHONE, deviceId) });
      this.#adoptMicrophone(stream.getAudioTracks()[0], isOn);
      await this.#listDevices();
    } catch (error) {
      this.#refuse("microphone", error);
    }
  }

  /** @param {string | null} [deviceId] */
  async openCamera(deviceId = this.#state.camera.deviceId) {
    this.#change("camera", { isBusy: true });
    try {
      const stream = await capture({ video: prefer(CAMERA, deviceId) });
      this.#adoptCamera(stream.getVideoTracks()[0]);
      await this.#listDevices();
    } catch (error) {
      this.#refuse("camera", error);
    }
  }

  /** @param {boolean} isOn */
  async switchMicrophone(isOn) {
    const track = this.#sent.get("microphone");
    if (!track && isOn) return this.openMicrophone();
    if (track) track.enabled = isOn;
    return this.#change("microphone", { isOn: isOn && Boolean(track) });
  }

  /** @param {boolean} isOn */
  async switchCamera(isOn) {
    if (isOn) return this.openCamera();
    this.#drop("camera");
    return this.#change("camera", { isOn: false, isBusy: false });
  }

  /** @param {string} deviceId */
  async chooseMicrophone(deviceId) {
    await this.openMicrophone(deviceId, this.#state.microphone.isOn || !this.#captured);
  }

  /** @param {string} deviceId */
  async chooseCamera(deviceId) {
    if (this.#state.camera.isOn) await this.openCamera(deviceId);
    else this.#change("camera", { deviceId });
  }

  /** @param {string} speakerId */
  chooseSpeaker(speakerId) {
    this.#set({ speakerId });
  }

  async shareScreen() {
    this.#change("screen", { isBusy: true, refusal: null });
    try {
      const stream = await captureScreen();
      this.#adoptScreen(stream);
    } catch (error) {
      this.#refuse("screen", error);
    }
  }

  stopScreen() {
    this.#drop("screen");
    this.#drop("screen_audio");
    this.#change("screen", { isOn: false, isBusy: false, refusal: null });
  }

  close() {
    this.stopScreen();
    this.#drop("camera");
    this.#dropMicrophone();
    this.#set({ microphone: OFF, camera: OFF });
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {boolean} isOn
   */
  #adoptMicrophone(track, isOn) {
    this.#dropMicrophone();
    const copy = track.clone();
    copy.enabled = isOn;
    track.onended = () => this.#refuse("microphone", new DOMException("", "Unplugged"));
    track.onmute = () => this.#set({ isMutedByDevice: true });
    track.onunmute = () => this.#set({ isMutedByDevice: false });
    this.#captured = track;
    this.#send("microphone", copy);
    this.#set({ isMutedByDevice: track.muted });
    this.#change("microphone", { ...OFF, isOn, deviceId: track.getSettings().deviceId ?? null });
  }

  /** @param {MediaStreamTrack} track */
  #adoptCamera(track) {
    this.#sent.get("camera")?.stop();
    track.onended = () => this.#refuse("camera", new DOMException("", "Unplugged"));
    this.#send("camera", track);
    this.#change("camera", { ...OFF, isOn: true, deviceId: track.getSettings().deviceId ?? null });
  }

  /** @param {MediaStream} stream */
  #adoptScreen(stream) {
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    picture.contentHint = "detail";
    picture.onended = () => this.stopScreen();
    this.#send("screen", picture);
    if (sound) this.#send("screen_audio", sound);
    this.#change("screen", { ...OFF, isOn: true });
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack} track
   */
  #send(source, track) {
    this.#sent.set(source, track);
    this.#onTrack(source, track);
  }

  /** @param {Source} source */
  #drop(source) {
    const track = this.#sent.get(source);
    if (!track) return;
    track.onended = null;
    track.stop();
    this.#sent.delete(source);
    this.#onTrack(source, null);
  }

  #dropMicrophone() {
    if (this.#captured) {
      this.#captured.onended = this.#captured.onmute = this.#captured.onunmute = null;
      this.#captured.stop();
    }
    this.#captured = null;
    this.#drop("microphone");
  }

  /**
   * @param {"microphone" | "camera" | "screen"} device
   * @param {unknown} error
   */
  #refuse(device, error) {
    if (device === "microphone") this.#dropMicrophone();
    else this.#drop(device);
    const refusal = explainRefusal(device, error);
    this.#change(device, { isOn: false, isBusy: false, refusal });
  }

  async #noticeDevices() {
    await this.#listDevices();
    const { microphone, camera, devices } = this.#state;
    // A device that came back, or another one, takes over from the one that was pulled out.
    if (microphone.refusal?.code === "unplugged" && devices.microphones.length) {
      await this.openMicrophone(null, false);
    }
    if (camera.refusal?.code === "unplugged" && devices.cameras.length) {
      this.#change("camera", { refusal: null, deviceId: null });
    }
  }

  async #listDevices() {
    if (!navigator.mediaDevices?.enumerateDevices) return;
    const found = await navigator.mediaDevices.enumerateDevices();
    this.#set({
      devices: {
        microphones: describe(found, "audioinput"),
        cameras: describe(found, "videoinput"),
        speakers: describe(found, "audiooutput"),
      },
    });
  }

  /**
   * @param {"microphone" | "camera" | "screen"} device
   * @param {Partial<DeviceState>} change
   */
  #change(device, change) {
    this.#set({ [device]: { ...this.#state[device], ...change } });
  }

  /** @param {Partial<LocalMediaState>} change */
  #set(change) {
    this.#state = { ...this.#state, ...change };
    this.#onState(this.#state);
  }
}

/** @param {MediaStreamConstraints} constraints */
function capture(constraints) {
  return requireDevices().getUserMedia(constraints);
}

function captureScreen() {
  const devices = requireDevices();
  if (!devices.getDisplayMedia) throw new DOMException("", "NotSupportedError");
  return devices.getDisplayMedia(SCREEN);
}

function requireDevices() {
  if (navigator.mediaDevices) return navigator.mediaDevices;
  throw new DOMException("", isSecureContext ? "NotSupportedError" : "InsecureContext");
}

/**
 * @param {MediaTrackConstraints} constraints
 * @param {string | null | undefined} deviceId  "ideal": a device that is gone must not fail
 */
function prefer(constraints, deviceId) {
  return deviceId ? { ...constraints, deviceId: { ideal: deviceId } } : constraints;
}

/**
 * @param {MediaDeviceInfo[]} found
 * @param {MediaDeviceKind} kind
 * @returns {DeviceChoice[]} without the entries a browser hides before it was allowed
 */
function describe(found, kind) {
  return found
    .filter((device) => device.kind === kind && device.deviceId && device.label)
    .map((device) => ({ id: device.deviceId, label: device.label }));
}
