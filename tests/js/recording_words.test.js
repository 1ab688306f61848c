import assert from "node:assert/strict";
import test from "node:test";

globalThis.gettext = (text) => text;
globalThis.interpolate = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);
globalThis.document = { documentElement: { lang: "en" } };
const { describeStatus, offerAnswers } = await import("../../meetings/static/meetings/js/views/recording.js");
const { describeConnection, showTalk } = await import("../../meetings/static/meetings/js/views/people_words.js");

const CARD = { starts_at: "2026-05-04T08:31:02+00:00" };

for (const [reason, words] of [
  ["recording_off", "no folder for recordings"],
  ["disk_low", "nearly full"],
  ["relay_away", "cannot be reached"],
  ["cannot_record", "refused"],
]) {
  test(`recording_refused_for_${reason}_says_so_as_a_warning`, () => {
    const status = { type: "recording_status", state: "refused", reason, size_bytes: 0, tracks: 0 };

    const { text, isWarning } = describeStatus(CARD, status);

    assert.ok(text.includes(words), text);
    assert.equal(isWarning, true);
  });
}

test("own_answer_is_neither_told_nor_offered_while_nothing_is_recorded", () => {
  assert.deepEqual(offerAnswers(true, false), { text: "", canAgree: false, canRefuse: false });
});

test("own_answer_can_be_taken_back_while_it_is_recorded", () => {
  const text = "You are in the recording.";

  assert.deepEqual(offerAnswers(true, true), { text, canAgree: false, canRefuse: true });
});

test("talk_is_shown_in_minutes_and_seconds", () => {
  assert.deepEqual([7, 65, 3600].map(showTalk), ["talked 0:07", "talked 1:05", "talked 60:00"]);
});

test("connection_that_is_not_known_has_no_figures", () => {
  const unknown = { seat: "a", candidate: null, round_trip_ms: null, up: null, down: null };

  assert.deepEqual(describeConnection(unknown), []);
});
