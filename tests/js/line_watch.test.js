/** When a line counts as dead. */

import assert from "node:assert/strict";
import test from "node:test";

import { LineWatch, countReceived } from "../../meetings/static/meetings/js/line_watch.js";

/** What the watch says to one reading a second. */
function readEverySecond(...received) {
  const watch = new LineWatch();
  return received.map((bytes, index) => watch.read(bytes, 10_000 + index * 1_000));
}

test("line_that_brings_something_each_second_is_alive", () => {
  assert.deepEqual(readEverySecond(100, 200, 300), [false, false, false]);
});

test("line_one_reading_without_a_byte_is_no_reason_to_worry", () => {
  assert.deepEqual(readEverySecond(100, 200, 200, 260), [false, false, false, false]);
});

test("line_that_brings_nothing_is_silent_within_three_seconds_and_until_something_comes", () => {
  assert.deepEqual(readEverySecond(100, 100, 100, 100, 160), [false, false, true, true, false]);
});

test("line_from_which_nothing_is_expected_is_never_silent", () => {
  assert.deepEqual(readEverySecond(100, null, null, null, 100, 100), Array(6).fill(false));
  assert.deepEqual(readEverySecond(0, 0, 0, 0), Array(4).fill(false));
});

test("line_count_is_of_the_transport", () => {
  const stats = [{ type: "transport", bytesReceived: 40 }, { type: "inbound-rtp", bytesReceived: 9 }];

  assert.deepEqual([countReceived(stats), countReceived([{ type: "transport" }]), countReceived(null)], [40, 0, 0]);
});
