/** Backoff, links, levels, speech, statistics, store, names: one or two facts each. */

import assert from "node:assert/strict";
import test from "node:test";

import { chooseDelay } from "../../meetings/static/meetings/js/backoff.js";
import { toLevel } from "../../meetings/static/meetings/js/level_meter.js";
import { splitLinks } from "../../meetings/static/meetings/js/links.js";
import { SpeechDetector } from "../../meetings/static/meetings/js/speech.js";
import { findQuality, rateConnection, rateQuality, takeSample } from "../../meetings/static/meetings/js/stats.js";
import { Store } from "../../meetings/static/meetings/js/store.js";
import { findInitials } from "../../meetings/static/meetings/js/views/people_words.js";

test("backoff_grows_to_seven_seconds_and_stays_there", () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => chooseDelay(attempt, () => 0.5));

  assert.deepEqual(delays, [0, 300, 1200, 2700, 4800, 7000, 7000, 7000]);
});

test("backoff_is_jittered_by_a_quarter_either_way", () => {
  assert.equal(chooseDelay(5, () => 0), 5250);
  assert.equal(chooseDelay(5, () => 1), 8750);
});

test("links_address_in_a_sentence_loses_its_full_stop", () => {
  assert.deepEqual(splitLinks("See https://example.com/a?b=1. Thanks"), [
    { text: "See " },
    { text: "https://example.com/a?b=1", href: "https://example.com/a?b=1" },
    { text: ". Thanks" },
  ]);
});

test("links_chinese_punctuation_ends_an_address", () => {
  assert.deepEqual(splitLinks("资料：https://example.com/x，请看")[1], {
    text: "https://example.com/x", href: "https://example.com/x",
  });
});

test("links_bracket_that_belongs_to_the_address_is_kept", () => {
  assert.equal(
    splitLinks("(https://example.com/a_(b))")[1].href, "https://example.com/a_(b)",
  );
});

for (const text of [
  "javascript:alert(1)", "data:text/html,x", "https://bank.example@evil.example/", "http://",
  "<a href='x'>",
]) {
  test(`links_${text}_stays_text`, () => {
    assert.deepEqual(splitLinks(text), [{ text }]);
  });
}

test("links_pieces_add_up_to_the_line", () => {
  const line = "a https://x.example/1, b http://y.example) https://u:p@z.example c";

  assert.equal(splitLinks(line).map(({ text }) => text).join(""), line);
});

test("level_silence_is_nothing_and_full_scale_is_one", () => {
  assert.equal(toLevel(new Float32Array(256)), 0);
  assert.equal(toLevel(new Float32Array(256).fill(1)), 1);
});

test("level_thirty_decibels_down_is_half", () => {
  const samples = new Float32Array(256).fill(10 ** (-30 / 20));

  assert.ok(Math.abs(toLevel(samples) - 0.5) < 1e-6);
});

test("speech_voice_is_noticed_at_once_and_forgotten_after_a_pause", () => {
  const speech = new SpeechDetector();

  speech.hear("ana", 0.1, 1000);

  assert.deepEqual([...speech.listSpeakers(1000)], ["ana"]);
  assert.deepEqual([...speech.listSpeakers(1800)], ["ana"]);
  assert.deepEqual([...speech.listSpeakers(2000)], []);
});

test("speech_noise_below_the_threshold_is_no_voice", () => {
  const speech = new SpeechDetector();

  speech.hear("ana", 0.005, 1000);

  assert.deepEqual([...speech.listSpeakers(1000)], []);
});

test("speech_cough_is_not_talking_but_a_sentence_is", () => {
  const speech = new SpeechDetector();
  speech.hear("me", 0.1, 1000);
  const cough = speech.isSpeakingLong("me", 1100);

  for (let now = 1150; now <= 2000; now += 150) speech.hear("me", 0.1, now);

  assert.equal(cough, false);
  assert.equal(speech.isSpeakingLong("me", 2000), true);
});

const ORIGINS = new Map([["0", { seat: "ana" }], ["1", { seat: "bo" }]]);
const inbound = (id, mid, change) => ({
  type: "inbound-rtp", id, mid, packetsLost: 0, packetsReceived: 0, jitter: 0.001, freezeCount: 0,
  ...change,
});

test("stats_clean_streams_are_good", () => {
  const before = takeSample(null, [inbound("a", "0", {})], ORIGINS);
  const now = takeSample(null, [inbound("a", "0", { packetsReceived: 100 })], ORIGINS);

  assert.deepEqual(rateQuality(now, before, "me"), { ana: 3 });
});

test("stats_worst_stream_of_a_person_decides", () => {
  const before = takeSample(null, [inbound("a", "0", {}), inbound("v", "0", {})], ORIGINS);
  const now = takeSample(
    null,
    [
      inbound("a", "0", { packetsReceived: 100 }),
      inbound("v", "0", { packetsReceived: 95, packetsLost: 5 }),
      inbound("other", "1", { packetsReceived: 80, packetsLost: 20 }),
    ],
    ORIGINS,
  );

  assert.deepEqual(rateQuality(now, before, null), { ana: 2 , bo: 3 });
});

test("stats_losses_before_the_first_sample_do_not_count", () => {
  const now = takeSample(null, [inbound("a", "0", { packetsLost: 500, packetsReceived: 500 })], ORIGINS);

  assert.deepEqual(rateQuality(now, null, null), { ana: 3 });
});

test("stats_relay_figures_are_rated_by_the_worse_direction", () => {
  const path = { bitrate_kbps: 900, loss_percent: 0, jitter_ms: 2 };
  const seat = { seat: "ana", candidate: "host", round_trip_ms: 20, up: path, down: path };

  const rated = [
    seat,
    { ...seat, down: { ...path, loss_percent: 5 } },
    { ...seat, up: { ...path, loss_percent: 12 } },
    { ...seat, round_trip_ms: 400 },
    { ...seat, round_trip_ms: null, up: null },
    { ...seat, up: null, down: null },
  ].map(rateConnection);

  assert.deepEqual(rated, [3, 2, 1, 2, 3, null]);
});

test("stats_person_from_whom_nothing_comes_any_more_has_no_bars", () => {
  const streams = [inbound("a", "0", { packetsReceived: 100 }), inbound("v", "1", { packetsReceived: 100 })];
  const before = takeSample(null, streams, ORIGINS);
  const now = takeSample(null, [streams[0], inbound("v", "1", { packetsReceived: 200 })], ORIGINS);

  assert.deepEqual(rateQuality(now, before, null), { bo: 3 });
});

test("stats_tile_and_list_say_the_same_of_a_person", () => {
  const path = { bitrate_kbps: 900, loss_percent: 5, jitter_ms: 2 };
  const ana = { seat: "ana", candidate: "host", round_trip_ms: 20, up: path, down: null };
  const silent = { ...ana, up: null };
  const find = (connections, isConnected = true) =>
    findQuality({ quality: { ana: 3 }, connections }, { seat: "ana", is_connected: isConnected });

  assert.deepEqual(
    [find({ ana }), find({ ana: silent }), find({}), find({ ana }, false)],
    [2, 3, 3, undefined],
  );
});

test("stats_freezes_in_a_row_are_poor", () => {
  const before = takeSample(null, [inbound("v", "0", { freezeCount: 1 })], ORIGINS);
  const now = takeSample(null, [inbound("v", "0", { freezeCount: 3, packetsReceived: 10 })], ORIGINS);

  assert.equal(rateQuality(now, before, null).ana, 1);
});

test("stats_our_own_sending_is_rated_by_what_the_relay_reports", () => {
  const report = { type: "remote-inbound-rtp", fractionLost: 0.2, roundTripTime: 0.05 };
  const now = takeSample([report], null, ORIGINS);

  assert.deepEqual(rateQuality(now, null, "me"), { me: 1 });
});

test("stats_stream_of_nobody_we_know_is_left_out", () => {
  assert.deepEqual(takeSample(null, [inbound("a", "9", {})], ORIGINS).streams, {});
});

test("store_watcher_is_called_only_when_its_part_changes", () => {
  const store = new Store({ a: 1, b: 1 });
  const drawn = [];
  store.subscribe([(state) => state.a], (state) => drawn.push(state.a));

  store.update((state) => ({ ...state, b: 2 }));
  store.update((state) => ({ ...state, a: 2 }));

  assert.deepEqual(drawn, [1, 2]);
});

test("store_ended_subscription_is_not_called_again", () => {
  const store = new Store({ a: 1 });
  const drawn = [];
  const stop = store.subscribe([(state) => state.a], (state) => drawn.push(state.a));

  stop();
  store.update(() => ({ a: 2 }));

  assert.deepEqual(drawn, [1]);
});

test("names_initials_are_fair_to_every_script", () => {
  const names = ["张伟", "Ada Lovelace", "Plato", "  ", "Ludwig van Beethoven", "émile zola"];

  assert.deepEqual(names.map(findInitials), ["伟", "AL", "P", "?", "LB", "ÉZ"]);
});
