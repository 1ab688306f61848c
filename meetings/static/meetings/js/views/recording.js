/**
 * The notice that the meeting is recorded, what we ourselves say to it, and for those who may
 * record: the switch and how it fares.
 */

import { isAllowed } from "../room_state.js";
import { askToConfirm } from "./dialogs.js";
import { name, part } from "./dom.js";

/** After the announced begin the media server should have confirmed within this time. */
const CONFIRMED_WITHIN_MS = 6_000;

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 * @param {import("./toasts.js").Toasts} toasts
 */
export function wireRecording(root, session, toasts) {
  wireSwitch(root, session);
  wireNotice(root, session);
  wireEnd(session, toasts);
}

/**
 * The notice goes without a word; that a recording which ran is over is said.
 *
 * @param {import("../room_session.js").RoomSession} session
 * @param {import("./toasts.js").Toasts} toasts
 */
function wireEnd(session, toasts) {
  let hasRun = false;
  session.store.subscribe([(state) => state.recording, (state) => state.phase], ({ recording, phase }) => {
    if (hasRun && !recording && phase === "room") {
      toasts.show({ key: "recording", text: gettext("The recording has ended.") });
    }
    hasRun = recording !== null && (hasRun || recording.state === "running");
  });
}

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
function wireSwitch(root, session) {
  const item = part(root, "start-recording");
  const stop = part(root, "stop-recording");
  item.addEventListener("click", () => {
    part(root, "more-menu").hidePopover();
    void askToRecord(session);
  });
  stop.addEventListener("click", () => void session.stopRecording());
  session.store.subscribe(
    [(state) => state.me, (state) => state.meeting, (state) => state.recording],
    (state) => {
      const may = isAllowed(state, "record");
      item.hidden = !may || !state.meeting?.is_live || state.recording !== null;
      stop.hidden = !may;
    },
  );
}

/** @param {import("../room_session.js").RoomSession} session */
async function askToRecord(session) {
  const isSure = await askToConfirm({
    title: gettext("Record this meeting?"),
    text: gettext("Everybody in the room is told at once, and the recording begins two seconds later. Only those who agreed are heard and seen in it. By starting it you agree for yourself."),
    yes: gettext("Record"),
  });
  if (isSure) await session.startRecording();
}

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
function wireNotice(root, session) {
  const notice = part(root, "recording");
  const lead = part(root, "recording-words");
  const own = part(root, "recording-own");
  const agree = part(root, "recording-agree");
  const refuse = part(root, "recording-refuse");
  const status = part(root, "recording-status");
  const showFold = wireFold(notice, part(root, "recording-fold"));
  agree.addEventListener("click", () => void session.answerRecording(true));
  refuse.addEventListener("click", () => void session.answerRecording(false));

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const draw = () => {
    const { me, recording, recordingStatus } = session.state;
    notice.hidden = recording === null;
    if (!recording || !me) return;
    notice.dataset.state = recording.state;
    const opening = describeRecording(recording);
    if (lead.textContent !== opening) lead.textContent = opening;
    const answer = me.agrees_to_recording;
    const canPublish = isAllowed(session.state, "publish_microphone");
    const choice = offerAnswers(answer, canPublish, recording.state === "running");
    own.textContent = choice.text;
    agree.hidden = !choice.canAgree;
    refuse.hidden = !choice.canRefuse;
    refuse.textContent = choice.refusal;
    agree.classList.toggle("button-primary", answer === undefined);
    const words = describeProgress(recording, recordingStatus, isAllowed(session.state, "record"));
    status.hidden = !words;
    // Only a warning is read out; nobody wants to hear the size every two seconds.
    status.role = words?.isWarning ? "alert" : null;
    if (status.textContent !== words?.text) status.textContent = words?.text ?? "";
    status.classList.toggle("recording-warning", words?.isWarning ?? false);
    showFold([opening, choice.text, words?.isWarning ? words.text : ""].join());
    clearTimeout(timer);
    if (!recordingStatus) timer = setTimeout(draw, CONFIRMED_WITHIN_MS + 500);
  };
  session.store.subscribe(
    [(state) => state.me, (state) => state.recording, (state) => state.recordingStatus],
    draw,
  );
}

/**
 * A press folds the notice into a dot, which does not cover what stands on the stage; whatever else
 * is to be said unfolds it.
 *
 * @param {HTMLElement} notice
 * @param {HTMLElement} button
 * @returns {(said: string) => void} draws it for what the notice says now
 */
function wireFold(notice, button) {
  let said = "";
  /** @type {string | null} */
  let folded = null;
  const draw = () => {
    const isFolded = folded === said;
    notice.dataset.folded = String(isFolded);
    button.ariaExpanded = String(!isFolded);
    name(button, isFolded ? gettext("Show the notice of the recording") : gettext("Fold the notice of the recording"));
  };
  button.addEventListener("click", () => {
    folded = folded === said ? null : said;
    draw();
  });
  return (words) => {
    said = words;
    draw();
  };
}

/**
 * What everybody reads first.
 *
 * @param {import("../protocol.js").RecordingCard} recording
 */
export function describeRecording({ state }) {
  switch (state) {
    case "announced":
      return gettext("A recording of this meeting is about to begin.");
    case "running":
      return gettext("This meeting is being recorded.");
    case "refused":
      return gettext("This meeting is not being recorded.");
  }
}

/**
 * What somebody reads about themselves, and which answers they can give: also while nothing is
 * recorded, because that may change at any moment.
 *
 * @param {boolean | undefined} answer
 * @param {boolean} canBeRecorded  not who only listens
 * @param {boolean} isRunning
 */
export function offerAnswers(answer, canBeRecorded, isRunning) {
  if (!canBeRecorded) return { text: "", canAgree: false, canRefuse: false, refusal: "" };
  return {
    text: isRunning ? describeOwn(answer) : describeOwnLater(answer),
    canAgree: answer !== true,
    canRefuse: answer !== false,
    refusal: isRunning && answer ? gettext("Leave the recording") : gettext("Stay out of it"),
  };
}

/** @param {boolean | undefined} answer */
function describeOwnLater(answer) {
  if (answer === true) return gettext("You will be in the recording.");
  if (answer === false) return gettext("You will not be in the recording.");
  return gettext("You will not be in the recording unless you agree.");
}

/** @param {boolean | undefined} answer */
function describeOwn(answer) {
  if (answer === true) return gettext("You are in the recording.");
  if (answer === false) return gettext("You are not in the recording.");
  return gettext("You are not in the recording unless you agree.");
}

/**
 * How it fares; null where there is nothing to say. Why it does not, and how much is written, is
 * for those who may record.
 *
 * @param {import("../protocol.js").RecordingCard} recording
 * @param {import("../protocol.js").RecordingStatus | null} status
 * @param {boolean} mayRecord
 * @returns {{text: string, isWarning: boolean} | null}
 */
export function describeProgress(recording, status, mayRecord) {
  if (mayRecord && status) return describeStatus(status);
  if (recording.state === "refused") {
    return { text: gettext("The media server cannot record at the moment. Recording begins as soon as it can."), isWarning: true };
  }
  return mayRecord && recording.state === "announced" ? describeWait(recording) : null;
}

/** @param {import("../protocol.js").RecordingCard} recording */
function describeWait(recording) {
  const isLate = Date.now() > Date.parse(recording.starts_at) + CONFIRMED_WITHIN_MS;
  return isLate
    ? { text: gettext("The media server has not confirmed the recording yet."), isWarning: true }
    : { text: gettext("Starting …"), isWarning: false };
}

/** @param {import("../protocol.js").RecordingStatus} status */
function describeStatus(status) {
  const size = { megabytes: formatMegabytes(status.size_bytes) };
  switch (status.state) {
    case "disk_low":
      return { text: gettext("Nothing is written: the disk of the media server is nearly full."), isWarning: true };
    case "stalled":
      return status.reason === "no_media"
        ? { text: interpolate(gettext("%(megabytes)s MB, not growing: nobody who agreed is heard or seen."), size, true), isWarning: true }
        : { text: interpolate(gettext("%(megabytes)s MB, not growing: the disk of the media server does not follow."), size, true), isWarning: true };
    case "refused":
      return { text: describeTrouble(status.reason), isWarning: true };
    case "stopped":
      return { text: interpolate(gettext("%(megabytes)s MB, stopped"), size, true), isWarning: false };
    default:
      return { text: interpolate(gettext("%(megabytes)s MB, growing"), size, true), isWarning: false };
  }
}

/**
 * Why nothing is recorded, and what to do about it.
 *
 * @param {import("../protocol.js").RecordingStatus["reason"]} reason
 */
function describeTrouble(reason) {
  switch (reason) {
    case "recording_off":
      return gettext("The media server has no folder for recordings. Ask your administrator to set one.");
    case "disk_low":
      return gettext("The disk of the media server is nearly full. We begin as soon as there is room.");
    case "relay_away":
      return gettext("The media server cannot be reached. We keep trying.");
    default:
      return gettext("The media server refused. We keep trying.");
  }
}

/** @param {number} bytes */
function formatMegabytes(bytes) {
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(document.documentElement.lang || "en", digits).format(bytes / 1e6);
}
