import assert from "node:assert/strict";
import test from "node:test";

import { DeltaOrder } from "../../meetings/static/meetings/js/delta_order.js";

const numbers = (messages) => messages.map(({ seq }) => seq);

function makeOrder(seq) {
  const order = new DeltaOrder();
  order.restart(seq);
  return order;
}

test("order_next_message_is_delivered_at_once", () => {
  const order = makeOrder(4);

  const delivered = order.take({ seq: 5 });

  assert.deepEqual(numbers(delivered), [5]);
  assert.equal(order.lastSeq, 5);
});

test("order_message_seen_before_is_dropped", () => {
  const order = makeOrder(4);

  assert.deepEqual(order.take({ seq: 4 }), []);
  assert.equal(order.gapAfter, null);
});

test("order_early_message_waits_until_the_gap_is_closed", () => {
  const order = makeOrder(4);

  const early = order.take({ seq: 6 });
  const gap = order.gapAfter;
  const closed = order.take({ seq: 5 });

  assert.deepEqual(early, []);
  assert.equal(gap, 4);
  assert.deepEqual(numbers(closed), [5, 6]);
  assert.equal(order.gapAfter, null);
});

test("order_fetched_messages_fill_the_gap_in_their_order", () => {
  const order = makeOrder(4);
  order.take({ seq: 8 });

  const delivered = order.fill([{ seq: 6 }, { seq: 5 }, { seq: 4 }, { seq: 7 }]);

  assert.deepEqual(numbers(delivered), [5, 6, 7, 8]);
  assert.equal(order.lastSeq, 8);
});

test("order_number_the_server_no_longer_has_does_not_block_forever", () => {
  const order = makeOrder(4);
  order.take({ seq: 6 });

  const delivered = order.fill([]);

  assert.deepEqual(numbers(delivered), [6]);
  assert.equal(order.gapAfter, null);
});

test("order_snapshot_releases_what_follows_it_and_forgets_what_it_holds", () => {
  const order = makeOrder(4);
  order.take({ seq: 7 });
  order.take({ seq: 9 });

  const delivered = order.restart(8);

  assert.deepEqual(numbers(delivered), [9]);
});
