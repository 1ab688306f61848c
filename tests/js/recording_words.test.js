import assert from "node:assert/strict";
import test from "node:test";

globalThis.gettext = (text) => text;
globalThis.interpolate = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);
globalThis.document = { documentElement: { lang: "en" } };
const { describeProgress, describeRecording, offerAnswers } = await import("../../meetings/static/meetings/js/views/recording.js");
const { describeConnection, showTalk } = await import("../../meetings/static/meetings/js/views/people_words.js");

const [ANNOUNCED, RUNNING, REFUSED] = ["announced", "running", "refused"].map((state) => ({ starts_at: "2026-05-04T08:31:02+00:00", state }));

test("only_a_recording_that_runs_is_said_to_run", () => {
  assert.deepEqual([ANNOUNCED, RUNNING, REFUSED].map(describeRecording), [
    "A recording of this meeting is about to begin.",
    "This meeting is being recorded.",
    "This meeting is not being recorded.",
  ]);
});

for (const [reason, words] of [
  ["recording_off", "no folder for recordings"],
  ["disk_low", "nearly full"],
  ["relay_away", "cannot be reached"],
  ["cannot_record", "refused"],
]) {
  test(`recording_refused_for_${reason}_says_so_as_a_warning`, () => {
    const status = { type: "recording_status", state: "refused", reason, size_bytes: 0, tracks: 0 };

    const { text, isWarning } = describeProgress(REFUSED, status, true);

    assert.ok(text.includes(words), text);
    assert.equal(isWarning, true);
  });
}

test("guest_is_told_that_a_refused_recording_may_still_begin", () => {
  const { text, isWarning } = describeProgress(REFUSED, null, false);

  assert.ok(text.includes("begins as soon as it can"), text);
  assert.equal(isWarning, true);
});

test("guest_is_told_nothing_of_how_a_recording_fares", () => {
  assert.deepEqual([ANNOUNCED, RUNNING].map((card) => describeProgress(card, null, false)), [null, null]);
});

test("host_waits_for_the_media_server_only_until_it_has_answered", () => {
  const late = "The media server has not confirmed the recording yet.";

  assert.deepEqual(describeProgress(ANNOUNCED, null, true), { text: late, isWarning: true });
  assert.equal(describeProgress(RUNNING, null, true), null);
});

test("own_answer_is_neither_told_nor_offered_to_who_only_listens", () => {
  assert.deepEqual(offerAnswers(true, false, true), { text: "", canAgree: false, canRefuse: false, refusal: "" });
});

test("own_answer_can_be_taken_back_while_it_is_recorded", () => {
  const text = "You are in the recording.";

  assert.deepEqual(offerAnswers(true, true, true), { text, canAgree: false, canRefuse: true, refusal: "Leave the recording" });
});

test("nobody_is_said_to_be_in_a_recording_that_is_none_and_can_still_answer", () => {
  const text = "You will be in the recording.";

  assert.deepEqual(offerAnswers(true, true, false), { text, canAgree: false, canRefuse: true, refusal: "Stay out of it" });
});

test("talk_is_shown_in_minutes_and_seconds", () => {
  assert.deepEqual([7, 65, 3600].map(showTalk), ["talked 0:07", "talked 1:05", "talked 60:00"]);
});

test("connection_that_is_not_known_has_no_figures", () => {
  const unknown = { seat: "a", candidate: null, round_trip_ms: null, up: null, down: null };

  assert.deepEqual(describeConnection(unknown), []);
});
