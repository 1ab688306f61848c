/** The visitor's own time beside the meeting's: when it is shown, and how it is written. */

import assert from "node:assert/strict";
import test from "node:test";

import { showSameTime, writeRange } from "../../meetings/static/meetings/js/pages/local_time.js";

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

test("range_is_written_in_the_visitors_zone_counting_to_24_hours", () => {
  const written = writeRange(START, END, "Asia/Shanghai", "en");

  assert.match(written, /25 Oct 2026/);
  assert.match(written, /16:00\s*–\s*17:30/);
});

test("range_follows_the_language_of_the_page", () => {
  assert.match(writeRange(START, END, "Asia/Shanghai", "zh-hans"), /16:00.*17:30/);
});
