import assert from "node:assert/strict";
import test from "node:test";

globalThis.gettext = (text) => text;
const { explainRefusal } = await import("../../meetings/static/meetings/js/media_refusals.js");

const makeError = (name, message = "") => Object.assign(new Error(message), { name });

for (const [device, name, message, code] of [
  ["microphone", "NotAllowedError", "Permission denied", "blocked"],
  ["microphone", "NotAllowedError", "Permission denied by system", "blocked_by_system"],
  ["microphone", "NotFoundError", "", "missing"],
  ["camera", "NotReadableError", "", "busy"],
  ["camera", "OverconstrainedError", "", "missing"],
  ["camera", "SecurityError", "", "blocked"],
  ["camera", "InsecureContext", "", "insecure"],
  ["camera", "Unplugged", "", "unplugged"],
  ["camera", "TypeError", "", "unknown"],
  ["screen", "NotAllowedError", "Permission denied", "dismissed"],
  ["screen", "NotAllowedError", "Permission denied by system", "blocked_by_system"],
  ["screen", "NotSupportedError", "", "unsupported"],
]) {
  test(`refusal_${device}_${name}_${message || "plain"}_is_${code}`, () => {
    const refusal = explainRefusal(device, makeError(name, message));

    assert.equal(refusal.device, device);
    assert.equal(refusal.code, code);
  });
}

test("refusal_each_has_its_own_sentence_and_a_way_forward", () => {
  const errors = [
    makeError("NotAllowedError"), makeError("NotAllowedError", "by system"), makeError("NotFoundError"),
    makeError("NotReadableError"), makeError("InsecureContext"), makeError("NotSupportedError"),
    makeError("Unplugged"), makeError("Whatever"),
  ];
  const refusals = ["microphone", "camera"].flatMap((device) =>
    errors.map((error) => explainRefusal(device, error)));

  assert.equal(new Set(refusals.map(({ sentence }) => sentence)).size, refusals.length);
  assert.ok(refusals.every(({ remedy }) => remedy.length > 20));
});
