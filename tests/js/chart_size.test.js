import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted } from "../../analytics/static/analytics/js/chart_size.js";

test("a chart that has room takes the width of its card", () => {
  const spec = { width: 560, mark: "bar" };

  const wide = fitted(spec, 980);

  assert.equal(wide.width, "container");
  assert.equal(wide.config, undefined, "its legend stays in one line");
});

test("a chart on a phone takes the width of its place and leaves the original alone", () => {
  const spec = { width: 560, mark: "bar" };

  const narrow = fitted(spec, 330);

  assert.equal(narrow.width, "container");
  assert.equal(narrow.autosize.type, "fit-x", "its height stays");
  assert.equal(narrow.config.legend.columns, 1);
  assert.equal(spec.width, 560);
});

test("a chart that sizes itself is left to do so", () => {
  const spec = { width: { step: 20 }, mark: "bar" };

  assert.equal(fitted(spec, 330), spec);
});
