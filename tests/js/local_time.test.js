/** The visitor's own time beside the meeting's: when it is shown, and how it is written. */

import assert from "node:assert/strict";
import test from "node:test";

import { writeMoment, writeRange } from "../../meetings/static/meetings/js/dates.js";
import { showSameTime } from "../../meetings/static/meetings/js/pages/local_time.js";

const START = new Date("2026-10-25T08:00:00Z");
const END = new Date("2026-10-25T09:30:00Z");

test("zones_whose_clocks_agree_at_that_moment_show_the_same_time", () => {
  assert.equal(showSameTime(START, "Europe/Berlin", "Europe/Paris"), true);
  assert.equal(showSameTime(START, "Europe/Berlin", "Asia/Shanghai"), false);
});

test("zones_that_agree_in_one_season_differ_in_the_other", () => {
  const summer = new Date("2026-07-01T08:00:00Z");

  assert.equal(showSameTime(START, "Europe/London", "Atlantic/Reykjavik"), true);
  assert.equal(showSameTime(summer, "Europe/London", "Atlantic/Reykjavik"), false);
});

test("range_is_written_as_the_server_writes_it_in_both_languages", () => {
  const ranges = ["en", "zh-hans"].map((language) => writeRange(START, END, language, "Asia/Shanghai"));

  assert.deepEqual(ranges, ["25 Oct 2026, 16:00–17:30", "2026年10月25日 16:00–17:30"]);
});

test("range_names_the_day_of_the_end_where_it_is_another", () => {
  const range = writeRange(START, new Date("2026-10-25T17:00:00Z"), "en", "Asia/Shanghai");

  assert.equal(range, "25 Oct 2026, 16:00–26 Oct 2026, 01:00");
});

test("moment_is_written_as_the_server_writes_it_in_both_languages", () => {
  const moments = ["en", "zh-hans"].map((language) => writeMoment(START, language, "Europe/Berlin"));

  assert.deepEqual(moments, ["25 Oct 2026, 09:00", "2026年10月25日 09:00"]);
});
