/** What Django's static storage needs to rewrite the imports of our modules to hashed names. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../meetings/static/meetings/js/", import.meta.url));
const DEEPEST = 8;

const modules = readdirSync(ROOT, { recursive: true }).filter((name) => name.endsWith(".js"));
const readImports = (name) => {
  const source = readFileSync(join(ROOT, name), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  return [...source.matchAll(/^(?:import|export)\b[^;]*?from\s+"([^"]+)"(;?)/gm)].map(
    ([, path, end]) => ({ path, target: join(dirname(name), path), end }),
  );
};

test("modules_imports_are_relative_named_whole_and_closed_by_a_semicolon", () => {
  const found = modules.flatMap((name) => readImports(name).map((one) => ({ name, ...one })));

  assert.ok(found.length > 40);
  const wrong = found.filter(
    ({ path, target, end }) =>
      !/^\.{1,2}\/[\w/.]+\.js$/.test(path) || end !== ";" || !existsSync(join(ROOT, target)),
  );
  assert.deepEqual(wrong, []);
});

test("modules_chains_of_imports_are_short_and_never_a_circle", () => {
  const measure = (name, path = []) => {
    assert.ok(!path.includes(name), `a circle: ${[...path, name].join(" > ")}`);
    return 1 + Math.max(0, ...readImports(name).map(({ target }) => measure(target, [...path, name])));
  };

  const depths = modules.map((name) => measure(name));

  assert.ok(Math.max(...depths) <= DEEPEST, `deepest chain: ${Math.max(...depths)}`);
});
