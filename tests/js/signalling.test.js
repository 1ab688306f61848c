/** The socket's life with a fake WebSocket and a clock of our own. */

import assert from "node:assert/strict";
import test from "node:test";

import { RequestFailed, Signalling } from "../../meetings/static/meetings/js/signalling.js";

const SEAT = "7b0c1a52-3f0e-4c6d-9a51-0d8f6f0a1b01";
const CLIENT_ID = "c0ffee00-1111-4222-8333-444455556666";

const settle = async () => {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
};

class FakeSocket {
  static opened = [];
  readyState = 0;
  sent = [];

  constructor(url) {
    this.url = url;
    FakeSocket.opened.push(this);
  }

  send(line) {
    this.sent.push(JSON.parse(line));
  }

  close() {
    this.readyState = 3;
  }

  open() {
    this.readyState = 1;
    this.onopen?.();
  }

  receive(message) {
    this.onmessage?.({ data: JSON.stringify({ v: 1, ...message }) });
  }

  drop(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  last(type) {
    return this.sent.findLast((message) => message.type === type);
  }
}

function makeSignalling(context) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.opened = [];
  const messages = [];
  const states = [];
  const signalling = new Signalling({
    url: "ws://localhost/ws/meetings/x/",
    onMessage: (message) => messages.push(message),
    onState: (state) => states.push(state),
    WebSocketClass: FakeSocket,
    random: () => 0.5,
  });
  return { signalling, messages, states, timers: context.mock.timers };
}

const makeSnapshot = (id, seq = 10) => ({
  type: "snapshot",
  id,
  seq,
  meeting: {
    public_id: "m", title: "Round", kind: "partner", agenda: [],
    starts_at: "2026-05-04T08:00:00+00:00", ends_at: "2026-05-04T09:00:00+00:00", has_lobby: false,
    opens_at: "2026-05-04T07:30:00+00:00", is_live: true,
  },
  me: { seat: SEAT, role: "presenter", display_name: "Ana", permissions: ["chat"] },
  roster: [],
  lobby: [],
  chat: [],
  ice_servers: [],
  relay: "ready",
});

const makeLine = (seq) => ({
  type: "chat_message", seq, seat: SEAT, display_name: "Ana", text: `line ${seq}`,
  sent_at: "2026-05-04T08:00:00+00:00", client_id: CLIENT_ID,
});

function enter({ signalling }, seq = 10) {
  signalling.start();
  const socket = FakeSocket.opened.at(-1);
  socket.open();
  socket.receive(makeSnapshot(socket.last("hello").id, seq));
  return socket;
}

test("signalling_opened_socket_says_hello_and_enters_with_the_snapshot", (context) => {
  const setup = makeSignalling(context);

  const socket = enter(setup);

  assert.deepEqual(socket.sent[0], { v: 1, type: "hello", id: "c1", resume_seq: null });
  assert.equal(setup.signalling.state.phase, "open");
  assert.deepEqual(setup.messages.map(({ type }) => type), ["snapshot"]);
});

test("signalling_answer_resolves_the_request_with_its_id", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup);

  const answer = setup.signalling.request("publish_offer", { sdp: "x", sources: { 0: "microphone" } });
  socket.receive({ type: "publish_answer", id: socket.last("publish_offer").id, sdp: "y" });

  assert.equal((await answer).sdp, "y");
});

test("signalling_error_rejects_the_request_with_code_and_sentence", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup);

  const request = setup.signalling.request("remove", { seat: SEAT });
  socket.receive({
    type: "error", id: socket.last("remove").id, code: "not_permitted", sentence: "Only hosts.",
  });

  await assert.rejects(request, { code: "not_permitted", sentence: "Only hosts." });
});

test("signalling_request_without_an_answer_times_out", async (context) => {
  const setup = makeSignalling(context);
  enter(setup);

  const request = setup.signalling.request("subscribe");
  setup.timers.tick(10_000);

  await assert.rejects(request, { code: "timeout" });
});

test("signalling_request_while_away_is_rejected_at_once", async (context) => {
  const setup = makeSignalling(context);

  await assert.rejects(setup.signalling.request("subscribe"), new RequestFailed("connection_lost"));
});

test("signalling_lost_socket_is_replaced_after_each_delay", (context) => {
  const setup = makeSignalling(context);
  enter(setup).drop();
  const counts = [];

  for (const delay of [0, 300, 1200, 2700, 4800, 7000, 7000]) {
    const before = FakeSocket.opened.length;
    if (delay) setup.timers.tick(delay - 1);
    const early = FakeSocket.opened.length - before;
    setup.timers.tick(1);
    counts.push([early, FakeSocket.opened.length - before]);
    FakeSocket.opened.at(-1).drop();
  }

  assert.deepEqual(counts.slice(1), Array(6).fill([0, 1]));
  assert.equal(counts[0][1], 1);
});

test("signalling_new_socket_resumes_after_the_last_number", (context) => {
  const setup = makeSignalling(context);
  const first = enter(setup, 10);
  first.receive(makeLine(11));

  first.drop();
  setup.timers.tick(1);
  const second = FakeSocket.opened.at(-1);
  second.open();

  assert.notEqual(second, first);
  assert.equal(second.last("hello").resume_seq, 11);
});

test("signalling_pending_request_fails_when_the_socket_is_lost", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup);

  const request = setup.signalling.request("send_chat", { client_id: CLIENT_ID, text: "hi" });
  socket.drop();

  await assert.rejects(request, { code: "connection_lost" });
});

for (const [code, ending] of [
  [4001, "no_seat"], [4003, "removed"], [4004, "unknown_meeting"], [4009, "replaced"],
  [4010, "meeting_ended"],
]) {
  test(`signalling_close_code_${code}_ends_with_${ending}_and_stays_away`, (context) => {
    const setup = makeSignalling(context);

    enter(setup).drop(code);
    setup.timers.tick(60_000);

    assert.deepEqual(setup.signalling.state, { phase: "ended", attempt: 0, ending });
    assert.equal(FakeSocket.opened.length, 1);
  });
}

for (const code of [1012, 4000, 4008, 4029]) {
  test(`signalling_close_code_${code}_comes_back`, (context) => {
    const setup = makeSignalling(context);

    enter(setup).drop(code);
    setup.timers.tick(1);

    assert.equal(FakeSocket.opened.length, 2);
  });
}

test("signalling_short_lived_connections_do_not_reset_the_delay", (context) => {
  const setup = makeSignalling(context);
  enter(setup).drop();
  setup.timers.tick(1);
  const second = FakeSocket.opened.at(-1);
  second.open();
  second.receive(makeSnapshot(second.last("hello").id));

  second.drop(4000);
  setup.timers.tick(299);
  const early = FakeSocket.opened.length;
  setup.timers.tick(1);

  assert.equal(early, 2);
  assert.equal(FakeSocket.opened.length, 3);
});

test("signalling_server_away_for_a_minute_gives_up_and_can_be_tried_again", (context) => {
  const setup = makeSignalling(context);
  setup.signalling.start();

  for (let attempt = 0; attempt <= 12; attempt += 1) {
    FakeSocket.opened.at(-1).drop();
    setup.timers.tick(7_000);
  }
  const afterGivingUp = FakeSocket.opened.length;
  const { ending } = setup.signalling.state;
  setup.signalling.start();

  assert.equal(ending, "gave_up");
  assert.equal(FakeSocket.opened.length, afterGivingUp + 1);
  assert.equal(setup.signalling.state.phase, "connecting");
});

test("signalling_silent_server_is_noticed_by_the_ping", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup);

  setup.timers.tick(15_000);
  const asked = socket.last("ping");
  setup.timers.tick(6_000);
  await settle();

  assert.ok(asked);
  assert.equal(setup.signalling.state.phase, "retrying");
});

test("signalling_answered_ping_is_asked_again", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup);

  setup.timers.tick(15_000);
  socket.receive({ type: "pong", id: socket.last("ping").id });
  await settle();
  setup.timers.tick(15_000);

  assert.equal(socket.sent.filter(({ type }) => type === "ping").length, 2);
  assert.equal(setup.signalling.state.phase, "open");
});

test("signalling_messages_out_of_order_are_delivered_in_order", (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup, 10);

  for (const seq of [12, 11, 12, 13]) socket.receive(makeLine(seq));

  assert.deepEqual(setup.messages.slice(1).map(({ seq }) => seq), [11, 12, 13]);
});

test("signalling_lasting_gap_is_fetched", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup, 10);

  socket.receive(makeLine(13));
  setup.timers.tick(250);
  const fetched = socket.last("fetch");
  socket.receive({ type: "missed", id: fetched.id, messages: [makeLine(11), makeLine(12)] });
  await settle();

  assert.equal(fetched.after_seq, 10);
  assert.deepEqual(setup.messages.slice(1).map(({ seq }) => seq), [11, 12, 13]);
});

test("signalling_gap_that_cannot_be_fetched_asks_for_a_new_snapshot", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup, 10);

  socket.receive(makeLine(13));
  setup.timers.tick(250);
  socket.receive({ type: "error", id: socket.last("fetch").id, code: "too_old", sentence: "Gone." });
  await settle();

  assert.equal(socket.sent.filter(({ type }) => type === "hello").length, 2);
});

test("signalling_admitted_page_says_hello_again", (context) => {
  const setup = makeSignalling(context);
  setup.signalling.start();
  const socket = FakeSocket.opened[0];
  socket.open();
  socket.receive({ type: "waiting", id: socket.last("hello").id, position: 1 });
  const { phase } = setup.signalling.state;

  socket.receive({ type: "admitted" });
  socket.receive(makeSnapshot(socket.last("hello").id));

  assert.equal(phase, "lobby");
  assert.equal(setup.signalling.state.phase, "open");
  assert.equal(socket.sent.filter(({ type }) => type === "hello").length, 2);
});

test("signalling_last_words_end_before_the_close_code_arrives", (context) => {
  const setup = makeSignalling(context);

  enter(setup).receive({ type: "removed" });

  assert.equal(setup.signalling.state.ending, "removed");
});

test("signalling_leaving_says_goodbye_and_stays_away", async (context) => {
  const setup = makeSignalling(context);
  const socket = enter(setup);

  const left = setup.signalling.leave();
  socket.receive({ type: "ok", id: socket.last("leave").id });
  await left;

  assert.equal(setup.signalling.state.ending, "left");
  assert.equal(socket.readyState, 3);
});

test("signalling_unreadable_message_is_skipped", (context) => {
  const setup = makeSignalling(context);
  context.mock.method(console, "warn", () => {});
  const socket = enter(setup, 10);

  socket.onmessage({ data: "{" });
  socket.receive({ type: "riddle" });
  socket.receive(makeLine(11));

  assert.deepEqual(setup.messages.slice(1).map(({ seq }) => seq), [11]);
});
