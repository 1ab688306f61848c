import assert from "node:assert/strict";
import test from "node:test";

import { chooseGrid } from "../../meetings/static/meetings/js/grid_layout.js";
import { planStage } from "../../meetings/static/meetings/js/stage_layout.js";

const makeRoster = (count, sources = {}) =>
  Array.from({ length: count }, (_, index) => ({ seat: `seat-${index}`, sources: sources[index] ?? {} }));

const plan = (count, change = {}, sources = {}) =>
  planStage({
    me: { seat: "seat-0" }, roster: makeRoster(count, sources), pinned: null, activeSpeaker: null,
    ...change,
  });

const keys = (tiles) => tiles.map(({ key }) => key);

test("grid_landscape_stage_puts_two_side_by_side", () => {
  const grid = chooseGrid({ count: 2, width: 1600, height: 900, gap: 0 });

  assert.deepEqual([grid.columns, grid.rows], [2, 1]);
});

test("grid_portrait_stage_puts_two_above_each_other", () => {
  const grid = chooseGrid({ count: 2, width: 360, height: 640, gap: 0 });

  assert.deepEqual([grid.columns, grid.rows], [1, 2]);
});

test("grid_one_tile_keeps_its_shape_within_the_limits", () => {
  assert.deepEqual(
    chooseGrid({ count: 1, width: 1600, height: 900 }),
    { columns: 1, rows: 1, width: 1600, height: 900 },
  );
  assert.equal(chooseGrid({ count: 1, width: 2400, height: 900 }).width, 1600);
  assert.equal(chooseGrid({ count: 1, width: 300, height: 900 }).height, 400);
});

for (const [width, height] of [[1440, 800], [360, 600], [3840, 2000], [800, 800]]) {
  for (let count = 1; count <= 25; count += 1) {
    test(`grid_${count}_tiles_fit_${width}x${height}`, () => {
      const gap = 12;

      const grid = chooseGrid({ count, width, height, gap });

      assert.ok(grid.columns * grid.rows >= count);
      assert.ok(grid.columns * (grid.rows - 1) < count, "no row is empty");
      assert.ok(grid.columns * grid.width + gap * (grid.columns - 1) <= width);
      assert.ok(grid.rows * grid.height + gap * (grid.rows - 1) <= height);
      assert.ok(grid.width > 0 && grid.height > 0);
    });
  }
}

test("grid_without_space_gives_no_negative_sizes", () => {
  const grid = chooseGrid({ count: 9, width: 10, height: 10, gap: 12 });

  assert.ok(grid.width >= 0 && grid.height >= 0);
});

test("stage_alone_shows_oneself", () => {
  const { layout, main } = plan(1);

  assert.deepEqual([layout, keys(main)], ["grid", ["seat-0/camera"]]);
});

test("stage_two_people_show_the_other_large_and_oneself_small", () => {
  const { layout, main, side } = plan(2);

  assert.deepEqual([layout, keys(main), keys(side)], ["pair", ["seat-1/camera"], ["seat-0/camera"]]);
});

test("stage_three_people_share_the_grid", () => {
  const { layout, main } = plan(3);

  assert.deepEqual([layout, main.length], ["grid", 3]);
});

test("stage_shared_screen_is_large_and_people_stand_beside_it", () => {
  const { layout, main, side } = plan(3, {}, { 2: { screen: true } });

  assert.equal(layout, "spotlight");
  assert.deepEqual(keys(main), ["seat-2/screen"]);
  assert.deepEqual(keys(side), ["seat-0/camera", "seat-1/camera", "seat-2/camera"]);
});

test("stage_screen_of_another_goes_before_ones_own", () => {
  const { main } = plan(2, {}, { 0: { screen: true }, 1: { screen: true } });

  assert.deepEqual(keys(main), ["seat-1/screen"]);
});

test("stage_pinned_tile_goes_before_a_screen", () => {
  const { main } = plan(3, { pinned: "seat-1/camera" }, { 2: { screen: true } });

  assert.deepEqual(keys(main), ["seat-1/camera"]);
});

test("stage_pin_on_a_tile_that_is_gone_is_ignored", () => {
  assert.equal(plan(3, { pinned: "seat-9/camera" }).layout, "grid");
});

test("stage_full_grid_counts_whom_it_cannot_show", () => {
  const { main, hiddenCount } = plan(30);

  assert.deepEqual([main.length, hiddenCount], [25, 5]);
});

test("stage_speaker_beyond_the_grid_is_brought_in", () => {
  const { main } = plan(30, { activeSpeaker: "seat-28" });

  assert.equal(main.at(-1).key, "seat-28/camera");
});

test("stage_speaker_within_the_grid_keeps_the_place", () => {
  assert.deepEqual(keys(plan(6, { activeSpeaker: "seat-3" }).main), keys(plan(6).main));
});
