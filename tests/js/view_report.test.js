/** When the relay is told what the person sees. */

import assert from "node:assert/strict";
import test from "node:test";

import { ViewReport } from "../../meetings/static/meetings/js/view_report.js";

const TILE = { seat: "ann", source: "camera", width: 320, height: 180, is_stage: false };

function setUp(context) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  let tiles = [TILE];
  const report = new ViewReport({ measure: () => tiles, send: (told) => sent.push(told) });
  return { report, sent, show: (next) => (tiles = next), pass: (ms) => context.mock.timers.tick(ms) };
}

test("view_report_many_changes_are_told_once_as_they_stand_at_the_end", (context) => {
  const { report, sent, show, pass } = setUp(context);

  report.change();
  pass(100);
  report.change();
  show([{ ...TILE, height: 360 }]);
  pass(150);
  pass(1_000);

  assert.deepEqual(sent, [[{ ...TILE, height: 360 }]]);
});

test("view_report_the_same_view_is_not_told_again", (context) => {
  const { report, sent, pass } = setUp(context);
  report.change();
  pass(250);

  report.change();
  pass(250);

  assert.equal(sent.length, 1);
});

test("view_report_renewed_is_told_although_nothing_changed", (context) => {
  const { report, sent, pass } = setUp(context);
  report.change();
  pass(250);

  report.renew();
  pass(250);

  assert.deepEqual(sent, [[TILE], [TILE]]);
});
