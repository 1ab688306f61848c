/** Credentials of TURN servers run out: connections made after that get new ones first. */

import assert from "node:assert/strict";
import test from "node:test";

import { FRESH_FOR_MS, IceServers } from "../../meetings/static/meetings/js/ice_servers.js";
import { Peer } from "../../meetings/static/meetings/js/peer.js";

const OLD = [{ urls: ["turn:old.example"], username: "old", credential: "x" }];
const NEW = [{ urls: ["turn:new.example"], username: "new", credential: "y" }];

/** A peer whose server answers each greeting with NEW, or refuses. */
function makePeer({ isRefused = false } = {}) {
  const clock = { nowMs: 0 };
  /** @type {string[]} */
  const said = [];
  const signalling = {
    /** @param {string} type */
    request: (type) => {
      said.push(type);
      return Promise.resolve({});
    },
    greetAgain: () => {
      said.push("hello");
      if (!isRefused) peer.resume(NEW);
      return Promise.resolve(true);
    },
  };
  const peer = new Peer({
    signalling: /** @type {any} */ (signalling),
    onTracks: () => {},
    onState: () => {},
    onRefused: () => {},
    iceServers: new IceServers(() => clock.nowMs),
  });
  peer.resume(OLD);
  return { peer, clock, said };
}

test("restart_within_the_hour_uses_the_credentials_there_are", async () => {
  const { peer, said } = makePeer();

  peer.restart(OLD);
  await Promise.resolve();

  assert.deepEqual(said, ["subscribe", "subscribe"]);
});

test("restart_after_they_ran_out_asks_for_new_ones_first", async () => {
  const { peer, clock, said } = makePeer();
  clock.nowMs = FRESH_FOR_MS;

  peer.restart(OLD);
  await Promise.resolve();

  assert.deepEqual(said, ["subscribe", "hello", "subscribe"]);
});

test("restart_goes_on_with_the_old_ones_where_the_server_gives_none", async () => {
  const { peer, clock, said } = makePeer({ isRefused: true });
  clock.nowMs = FRESH_FOR_MS;

  peer.restart(OLD);
  await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual(said, ["subscribe", "hello", "subscribe"]);
});

test("connections_lost_together_ask_for_new_ones_once", async () => {
  const { peer, clock, said } = makePeer({ isRefused: true });
  clock.nowMs = FRESH_FOR_MS;

  peer.restart(OLD);
  peer.restart(OLD);
  await new Promise((resolve) => setImmediate(resolve));

  assert.equal(said.filter((type) => type === "hello").length, 1);
});

test("servers_without_credentials_never_run_out", () => {
  const clock = { nowMs: 0 };
  const servers = new IceServers(() => clock.nowMs);
  servers.take([]);
  clock.nowMs = 10 * FRESH_FOR_MS;

  assert.equal(servers.areFresh, true);
});
