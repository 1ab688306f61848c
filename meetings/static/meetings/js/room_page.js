/** Wires the room: reads the page's settings, makes the session, hands it to the views. */

import { openLevelMeter } from "./level_meter.js";
import { LineWatch, countReceived } from "./line_watch.js";
import { RoomSession } from "./room_session.js";
import { SpeechDetector, isSameSet } from "./speech.js";
import { rateQuality, takeSample } from "./stats.js";
import { wireAgenda } from "./views/agenda.js";
import { wireBanner } from "./views/banner.js";
import { wireChat } from "./views/chat.js";
import { toggleFullScreen, wireControls } from "./views/controls.js";
import { wireDeviceFields } from "./views/device_fields.js";
import { findDialog, findPart, part } from "./views/dom.js";
import { wireEnding } from "./views/ending.js";
import { askToLeave } from "./views/leave_dialog.js";
import { wireLobbyPage } from "./views/lobby.js";
import { tell } from "./views/notices.js";
import { wirePanel } from "./views/panel.js";
import { wirePeople } from "./views/people.js";
import { showTime } from "./views/people_words.js";
import { wirePrejoin } from "./views/prejoin.js";
import { wireRecording } from "./views/recording.js";
import { wireRehearsal } from "./views/rehearsal.js";
import { wireShortcuts } from "./views/shortcuts.js";
import { Sounds } from "./views/sounds.js";
import { Stage } from "./views/stage.js";
import { Toasts } from "./views/toasts.js";

/**
 * @typedef {{socketPath: string, leftUrl: string, meetingUrl: string, mayPublish: boolean}} Config
 */

const LISTEN_EVERY_MS = 150;
const MEASURE_EVERY_MS = 1_000;
/** Bars that change each second only distract. */
const RATE_EVERY = 2;
const REMIND_EVERY_MS = 20_000;

const root = /** @type {HTMLElement} */ (document.getElementById("room"));
const config = readConfig();
const toasts = new Toasts(root);
const session = new RoomSession({
  socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${config.socketPath}`,
  onNotice: (notice) => tell(notice, toasts, session),
});
const sounds = new Sounds(root, session, askForSound);

wirePrejoin(root, session, { mayPublish: config.mayPublish, onJoin: join });
wireLobbyPage(root, session);
wireRoom();
wireEnding(root, session, config);
if (config.mayPublish) void session.prepare();

function join() {
  sounds.unlock();
  session.join();
}

function wireRoom() {
  const leave = () => void askToLeave(session);
  const openDevices = () => findDialog("devices-dialog").showModal();
  const openShortcuts = () => findDialog("shortcuts-dialog").showModal();
  new Stage(root, session);
  wireControls(root, session, { askToLeave: leave, openDevices, openShortcuts });
  wirePanel(root, session);
  wireChat(root, session);
  wirePeople(root, session);
  wireAgenda(root, session);
  wireBanner(root, session);
  wireRecording(root, session, toasts);
  wireRehearsal(root, session);
  wireDeviceFields(part(findDialog("devices-dialog"), "settings-devices"), session, config);
  wireShortcuts(listShortcuts(openShortcuts), () => session.state.phase === "room");
  wirePhase();
  wireRefusalToasts();
  listen();
  setInterval(measure(), MEASURE_EVERY_MS);
  window.addEventListener("online", () => session.tryAgain());
  setInterval(showClock, 1_000);
}

/** @param {() => void} openShortcuts */
function listShortcuts(openShortcuts) {
  /** @type {Record<string, () => void>} */
  const shortcuts = {
    c: () => session.togglePanel("chat"),
    p: () => session.togglePanel("people"),
    f: () => void toggleFullScreen(),
    "?": openShortcuts,
  };
  if (config.mayPublish) {
    shortcuts.m = () => void session.toggleMicrophone();
    shortcuts.v = () => void session.toggleCamera();
    shortcuts.s = () => void session.toggleScreen();
  }
  return shortcuts;
}

function wirePhase() {
  const live = part(root, "live");
  session.store.subscribe([(state) => state.phase], ({ phase }) => {
    root.dataset.phase = phase;
    live.hidden = phase !== "room" && phase !== "connecting";
  });
  session.store.subscribe([(state) => state.panel, (state) => state.lobby], ({ panel, lobby }) => {
    if (panel === "people" || !lobby.length) toasts.dismiss("waiting");
  });
  session.store.subscribe([(state) => state.media.microphone.isOn], () => toasts.dismiss("talking"));
}

/** In the room a refusal comes as a toast with the way forward; on the pre-join page it stays. */
function wireRefusalToasts() {
  session.store.subscribe(
    [
      (state) => state.media.microphone.refusal,
      (state) => state.media.camera.refusal,
      (state) => state.media.screen.refusal,
    ],
    ({ phase, media }) => {
      if (phase !== "room") return;
      for (const { refusal } of [media.microphone, media.camera, media.screen]) {
        if (!refusal || refusal.code === "dismissed") continue;
        toasts.show({ key: refusal.device, text: `${refusal.sentence} ${refusal.remedy}`, lastsMs: 12_000 });
      }
    },
  );
}

function askForSound() {
  toasts.show({
    key: "sound",
    lastsMs: 600_000,
    text: gettext("Your browser holds the sound back until you click."),
    action: { label: gettext("Turn the sound on"), run: () => sounds.unlock() },
  });
}

/** Who speaks, and whether we do so while muted. */
function listen() {
  const speech = new SpeechDetector();
  const ownLevel = findPart(root, "control-level");
  /** @type {ReturnType<typeof openLevelMeter> | null} */
  let meter = null;
  /** @type {MediaStreamTrack | null} */
  let metered = null;
  let remindedAt = -Infinity;

  setInterval(() => {
    const { phase, me, media, speaking } = session.state;
    if (phase !== "room" || !me) return;
    if (session.media.capturedMicrophone !== metered) {
      meter?.close();
      metered = session.media.capturedMicrophone;
      meter = metered && openLevelMeter(metered);
    }
    const now = performance.now();
    const loudness = meter?.read() ?? 0;
    const own = toLinear(loudness);
    ownLevel?.style.setProperty("--level", `${Math.round(loudness * 100)}%`);
    const isMuted = !media.microphone.isOn;
    speech.hear(isMuted ? "muted" : me.seat, own, now);
    for (const [seat, level] of session.readLevels()) speech.hear(seat, level, now);
    if (isMuted && speech.isSpeakingLong("muted", now) && now - remindedAt > REMIND_EVERY_MS) {
      remindedAt = now;
      tell({ kind: "talking_while_muted" }, toasts, session);
    }
    const heard = speech.listSpeakers(now);
    heard.delete("muted");
    if (!isSameSet(heard, speaking)) session.store.update((state) => ({ ...state, speaking: heard }));
  }, LISTEN_EVERY_MS);
}

/** The meter's scale has 60 dB from end to end. @param {number} level */
function toLinear(level) {
  return level === 0 ? 0 : 10 ** ((level - 1) * 3);
}

function measure() {
  const line = new LineWatch();
  /** @type {import("./stats.js").Sample | null} */
  let before = null;
  let count = 0;
  return async () => {
    if (session.state.phase !== "room") return;
    const { publish, subscribe } = await session.getStats();
    const received = countReceived(publish?.values() ?? null) + countReceived(subscribe?.report.values() ?? null);
    const isLineSilent = line.read(isFed(session.state) ? received : null, performance.now());
    session.store.update((state) => ({ ...state, isLineSilent }));
    if (count++ % RATE_EVERY) return;
    const origins = subscribe?.origins ?? new Map();
    const now = takeSample(publish?.values() ?? null, subscribe?.report.values() ?? null, origins);
    const quality = rateQuality(now, before, session.state.me?.seat ?? null);
    before = now;
    session.store.update((state) => ({ ...state, quality }));
  };
}

/**
 * Whether the relay has something to send us: what others publish, or reports on what we do.
 *
 * @param {import("./room_state.js").RoomState} state
 */
function isFed({ peer, tracks }) {
  const isHeard = peer.publish === "connected" && session.isPublishing;
  return isHeard || (peer.subscribe === "connected" && tracks.length > 0);
}

function showClock() {
  const now = showTime(new Date());
  for (const clock of root.querySelectorAll("[data-part=clock]")) {
    if (clock.textContent !== now) clock.textContent = now;
  }
}

/** @returns {Config} */
function readConfig() {
  return JSON.parse(document.getElementById("room-config")?.textContent ?? "{}");
}
