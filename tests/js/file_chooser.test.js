/** What stands beside a file field: nothing chosen, or the names. */

import assert from "node:assert/strict";
import test from "node:test";

const { wireFileChoosers } = await import("../../vmcrm/static/vmcrm/js/file_chooser.js");

function makeChooser(files) {
  const listeners = {};
  const input = { files, addEventListener: (type, listener) => (listeners[type] = listener) };
  const name = { dataset: { nothing: "未选择文件" }, textContent: "" };
  globalThis.document = {
    querySelectorAll: () => [{ querySelector: (selector) => (selector === "input" ? input : name) }],
  };
  return { input, name, change: () => listeners.change() };
}

test("file_field_says_in_the_words_of_the_page_that_nothing_is_chosen", () => {
  const { name } = makeChooser([]);

  wireFileChoosers();

  assert.equal(name.textContent, "未选择文件");
});

test("file_field_names_what_is_chosen_and_takes_it_back", () => {
  const { input, name, change } = makeChooser([{ name: "kept.png" }]);

  wireFileChoosers();
  assert.equal(name.textContent, "kept.png");
  input.files = [{ name: "a.png" }, { name: "b.png" }];
  change();
  assert.equal(name.textContent, "a.png, b.png");
  input.files = [];
  change();

  assert.equal(name.textContent, "未选择文件");
});
