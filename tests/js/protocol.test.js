/** The browser's reader against the golden files it shares with the server. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

import {
  CLIENT_TYPES, CLOSE, SERVER_TYPES, decode, decodeOwn, encode,
} from "../../meetings/static/meetings/js/protocol.js";

const FOLDER = new URL("../protocol/messages/room/", import.meta.url);
const GOLDEN = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ file: name, ...JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) }));

/** JSON.parse does not see these; only the server reads messages of strangers. */
const UNSEEN_BY_JSON_PARSE = new Set([
  "bad_text_duplicate_key.json",
  "bad_text_duplicate_key_inside.json",
  "bad_text_lone_surrogate.json",
]);

const read = (golden) => {
  const line = golden.text ?? JSON.stringify(golden.message);
  return golden.direction === "server" ? decode(line) : decodeOwn(line);
};

test("there are golden files for every type of message", () => {
  const covered = (direction) =>
    new Set(GOLDEN.filter((g) => g.valid && g.direction === direction).map((g) => g.message.type));

  assert.deepEqual(covered("server"), new Set(SERVER_TYPES));
  assert.deepEqual(covered("client"), new Set(CLIENT_TYPES));
});

for (const golden of GOLDEN.filter((g) => g.valid)) {
  test(`protocol_${golden.file}_is_read_whole`, () => {
    const { v, ...expected } = golden.message;

    const message = read(golden);

    assert.equal(v, 1);
    assert.deepEqual(message, expected);
  });
}

for (const golden of GOLDEN.filter((g) => g.valid && g.direction === "client")) {
  test(`protocol_${golden.file}_is_written_alike`, () => {
    const { v: _version, ...message } = golden.message;

    const line = encode(message);

    assert.deepEqual(JSON.parse(line), golden.message);
  });
}

for (const golden of GOLDEN.filter((g) => !g.valid && !UNSEEN_BY_JSON_PARSE.has(g.file))) {
  test(`protocol_${golden.file}_is_refused`, () => {
    assert.throws(() => read(golden), { name: "ProtocolError" });
  });
}

test("protocol_own_message_with_unknown_field_is_refused_before_it_leaves", () => {
  assert.throws(() => encode({ type: "ping", id: "1", note: "x" }), { code: "bad_message" });
});

test("protocol_close_codes_are_those_of_the_server", () => {
  const python = readFileSync(new URL("../../meetings/room_protocol/close_codes.py", import.meta.url), "utf8");
  const declared = [...python.matchAll(/^CLOSE_(\w+): Final = (\d+)$/gm)].map(([, name, code]) => [
    name, Number(code),
  ]);

  assert.deepEqual({ ...CLOSE }, Object.fromEntries(declared));
});
