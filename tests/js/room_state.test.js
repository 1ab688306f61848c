import assert from "node:assert/strict";
import test from "node:test";

import {
  applyMessage, applySocket, createRoomState, isAllowed, noteRecordingAnswer, putPendingLine, showPanel,
} from "../../meetings/static/meetings/js/room_state.js";

const ME = "7b0c1a52-3f0e-4c6d-9a51-0d8f6f0a1b01";
const ANA = "7b0c1a52-3f0e-4c6d-9a51-0d8f6f0a1b02";

const makeEntry = (seat, name, sources = {}) => ({
  seat, display_name: name, role: "presenter", sources, is_connected: true,
});

const makeLine = (seq, seat, text = "hi", clientId = `client-${seq}`) => ({
  seq, seat, display_name: "N", text, sent_at: "2026-05-04T08:00:00+00:00", client_id: clientId,
});

const makeSnapshot = (change = {}) => ({
  type: "snapshot", id: "1", seq: 10, meeting: { title: "Round" },
  me: { seat: ME, role: "presenter", display_name: "Me", permissions: ["chat", "publish_camera"] },
  roster: [makeEntry(ME, "Me"), makeEntry(ANA, "Ana")],
  lobby: [], chat: [], ice_servers: [], relay: "ready", ...change,
});

const enter = (change) => applyMessage(createRoomState({}), makeSnapshot(change));

test("state_snapshot_opens_the_room", () => {
  const state = enter();

  assert.equal(state.phase, "room");
  assert.deepEqual(state.roster.map(({ display_name }) => display_name), ["Me", "Ana"]);
  assert.equal(isAllowed(state, "publish_camera"), true);
  assert.equal(isAllowed(state, "remove"), false);
});

test("state_waiting_shows_the_lobby_with_the_position", () => {
  const state = applyMessage(createRoomState({}), { type: "waiting", id: "1", position: 3 });

  assert.deepEqual([state.phase, state.lobbyPosition], ["lobby", 3]);
});

test("state_waiting_before_the_room_opens_says_when", () => {
  const early = { type: "waiting", id: "1", opens_at: "2026-05-04T07:30:00+00:00" };

  const state = applyMessage(createRoomState({}), early);

  assert.deepEqual([state.phase, state.opensAt], ["lobby", "2026-05-04T07:30:00+00:00"]);
});

test("state_rehearsal_ends_when_the_meeting_goes_live", () => {
  const rehearsal = enter();
  const before = { ...rehearsal, meeting: { ...rehearsal.meeting, is_live: false } };

  const after = applyMessage(before, { type: "meeting_live" });

  assert.deepEqual([before.meeting.is_live, after.meeting.is_live], [false, true]);
});

test("state_participant_comes_changes_and_goes", () => {
  const bo = "7b0c1a52-3f0e-4c6d-9a51-0d8f6f0a1b03";

  const came = applyMessage(enter(), { type: "participant_joined", seq: 11, ...makeEntry(bo, "Bo") });
  const changed = applyMessage(came, {
    type: "participant_updated", seq: 12, ...makeEntry(bo, "Bo", { camera: true }),
  });
  const gone = applyMessage(changed, { type: "participant_left", seq: 13, ...makeEntry(bo, "Bo") });

  assert.deepEqual(came.roster.at(-1), makeEntry(bo, "Bo"));
  assert.deepEqual(changed.roster.at(-1), makeEntry(bo, "Bo", { camera: true }));
  assert.deepEqual(gone.roster.map(({ seat }) => seat), [ME, ANA]);
});

test("state_leaving_participant_takes_tracks_pin_and_voice_along", () => {
  const before = {
    ...enter(), pinned: `${ANA}/camera`, activeSpeaker: ANA,
    tracks: [{ seat: ANA, source: "camera" }, { seat: ME, source: "camera" }],
  };

  const state = applyMessage(before, { type: "participant_left", seq: 11, ...makeEntry(ANA, "Ana") });

  assert.deepEqual([state.pinned, state.activeSpeaker], [null, null]);
  assert.deepEqual(state.tracks, [{ seat: ME, source: "camera" }]);
});

test("state_line_of_another_counts_as_unread_until_the_chat_is_opened", () => {
  const state = applyMessage(enter(), { type: "chat_message", ...makeLine(11, ANA) });

  const opened = showPanel(state, "chat");
  const later = applyMessage(opened, { type: "chat_message", ...makeLine(12, ANA) });

  assert.equal(state.unreadCount, 1);
  assert.equal(opened.unreadCount, 0);
  assert.equal(later.unreadCount, 0);
});

test("state_own_line_is_never_unread", () => {
  const state = applyMessage(enter(), { type: "chat_message", ...makeLine(11, ME) });

  assert.equal(state.unreadCount, 0);
});

test("state_line_that_arrives_twice_is_kept_once", () => {
  const line = { type: "chat_message", ...makeLine(11, ANA) };

  const state = applyMessage(applyMessage(enter(), line), line);

  assert.equal(state.chat.length, 1);
});

test("state_stored_line_replaces_the_pending_one", () => {
  const pending = putPendingLine(enter(), { clientId: "abc", text: "hi", hasFailed: false });

  const state = applyMessage(pending, { type: "chat_message", ...makeLine(11, ME, "hi", "abc") });

  assert.equal(pending.pendingChat.length, 1);
  assert.deepEqual(state.pendingChat, []);
  assert.equal(state.chat.length, 1);
});

test("state_another_persons_line_with_our_client_id_leaves_ours_pending", () => {
  const pending = putPendingLine(enter(), { clientId: "abc", text: "hi", hasFailed: false });

  const state = applyMessage(pending, { type: "chat_message", ...makeLine(11, ANA, "hi", "abc") });

  assert.equal(state.pendingChat.length, 1);
});

test("state_line_already_stored_is_not_pending_again", () => {
  const stored = applyMessage(enter(), { type: "chat_message", ...makeLine(11, ME, "hi", "abc") });

  const state = putPendingLine(stored, { clientId: "abc", text: "hi", hasFailed: true });

  assert.deepEqual(state.pendingChat, []);
});

test("state_snapshot_after_a_loss_counts_missed_lines_and_settles_pending_ones", () => {
  const first = applyMessage(enter(), { type: "chat_message", ...makeLine(11, ANA) });
  const away = putPendingLine(first, { clientId: "abc", text: "mine", hasFailed: false });

  const state = applyMessage(away, makeSnapshot({
    seq: 14, chat: [makeLine(11, ANA), makeLine(12, ANA), makeLine(13, ME, "mine", "abc")],
  }));

  assert.equal(state.unreadCount, 2);
  assert.deepEqual(state.pendingChat, []);
});

test("state_snapshot_after_a_loss_keeps_the_older_lines", () => {
  const before = enter({ chat: [makeLine(3, ANA), makeLine(4, ANA)] });

  const state = applyMessage(before, makeSnapshot({ chat: [makeLine(4, ANA), makeLine(5, ANA)] }));

  assert.deepEqual(state.chat.map(({ seq }) => seq), [3, 4, 5]);
});

test("state_history_at_the_first_entry_is_not_unread", () => {
  assert.equal(enter({ chat: [makeLine(9, ANA)] }).unreadCount, 0);
});

test("state_connections_are_those_of_the_last_report_until_the_relay_is_lost", () => {
  const known = { seat: ANA, candidate: "host", round_trip_ms: 20, up: null, down: null };
  const told = applyMessage(enter(), { type: "room_quality", seats: [known] });

  assert.deepEqual(told.connections, { [ANA]: known });
  assert.deepEqual(applyMessage(told, { type: "room_quality", seats: [] }).connections, {});
  assert.deepEqual(applyMessage(told, { type: "relay_lost" }).connections, {});
});

test("state_talk_is_that_of_the_last_report_and_outlives_the_relay", () => {
  const told = applyMessage(enter(), { type: "talk_times", seats: [{ seat: ANA, talked_s: 65 }] });

  assert.deepEqual(told.talk, { [ANA]: 65 });
  assert.deepEqual(applyMessage(told, { type: "relay_lost" }).talk, { [ANA]: 65 });
});

test("state_relay_loss_takes_the_tracks_and_leaves_the_rest", () => {
  const before = { ...enter({ chat: [makeLine(9, ANA)] }), tracks: [{ seat: ANA, source: "camera" }] };

  const state = applyMessage(before, { type: "relay_lost" });

  assert.deepEqual([state.relay, state.tracks, state.chat.length], ["lost", [], 1]);
  assert.equal(applyMessage(state, { type: "relay_ready" }).relay, "ready");
});

test("state_paused_videos_are_those_of_the_newest_word_until_the_relay_is_lost", () => {
  const pause = (videos) => ({ type: "videos_paused", videos });
  const first = applyMessage(enter(), pause([{ seat: ANA, source: "camera" }]));

  const second = applyMessage(first, pause([{ seat: ANA, source: "screen" }]));

  assert.deepEqual([...first.paused], [`${ANA}/camera`]);
  assert.deepEqual([...second.paused], [`${ANA}/screen`]);
  assert.equal(applyMessage(second, { type: "relay_lost" }).paused.size, 0);
});

test("state_ended_socket_ends_the_room_and_a_new_try_connects_again", () => {
  const ended = applySocket(enter(), { phase: "ended", attempt: 13, ending: "gave_up" });
  const again = applySocket(ended, { phase: "connecting", attempt: 0, ending: null });

  assert.deepEqual([ended.phase, ended.ending], ["ended", "gave_up"]);
  assert.deepEqual([again.phase, again.ending], ["connecting", null]);
});

test("state_retrying_socket_leaves_the_room_on_screen", () => {
  const state = applySocket(enter(), { phase: "retrying", attempt: 2, ending: null });

  assert.equal(state.phase, "room");
});

test("state_recording_is_announced_fares_and_ends", () => {
  const recording = { starts_at: "2026-05-04T08:31:02+00:00" };
  const status = { type: "recording_status", state: "recording", reason: "", size_bytes: 7, tracks: 2 };

  const announced = applyMessage(enter(), { type: "recording_changed", seq: 11, recording });
  const growing = applyMessage(announced, status);
  const over = applyMessage(growing, { type: "recording_changed", seq: 12 });

  assert.deepEqual([announced.recording, announced.recordingStatus], [recording, null]);
  assert.deepEqual([growing.recording, growing.recordingStatus], [recording, status]);
  assert.deepEqual([over.recording, over.recordingStatus], [null, null]);
});

test("state_relay_loss_ends_what_was_said_of_the_recordings_size_and_not_why_it_is_refused", () => {
  const says = (state, reason) => ({ type: "recording_status", state, reason, size_bytes: 7, tracks: 2 });
  const recording = { starts_at: "2026-05-04T08:31:02+00:00", state: "running" };

  const lostAfter = (status) => applyMessage(applyMessage(enter({ recording }), status), { type: "relay_lost" });

  assert.equal(lostAfter(says("recording", "")).recordingStatus, null);
  assert.equal(lostAfter(says("stalled", "no_media")).recordingStatus, null);
  assert.deepEqual(lostAfter(says("refused", "disk_low")).recordingStatus, says("refused", "disk_low"));
});

test("state_who_enters_later_finds_the_recording_and_their_answer", () => {
  const recording = { starts_at: "2026-05-04T08:31:02+00:00" };
  const state = enter({ recording });

  const answered = noteRecordingAnswer(state, false);

  assert.deepEqual(state.recording, recording);
  assert.equal(state.me.agrees_to_recording, undefined);
  assert.equal(answered.me.agrees_to_recording, false);
});
