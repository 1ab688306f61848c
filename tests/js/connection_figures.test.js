/** The list behind the bars: what of it is drawn, and when. */

import assert from "node:assert/strict";
import test from "node:test";

/** As much of an element as the figures use; `drawings` counts how often its lines were replaced. */
class FakeElement {
  parts = {};
  children = [];
  dataset = {};
  listeners = {};
  ariaExpanded = "false";
  drawings = 0;

  querySelector(selector) {
    const wanted = /"(.+)"/.exec(selector)[1];
    return (this.parts[wanted] ??= new FakeElement());
  }

  setAttribute() {}

  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }

  replaceChildren(...children) {
    this.children = children;
    this.drawings += 1;
  }
}

globalThis.HTMLElement = FakeElement;
globalThis.document = { documentElement: { lang: "en" }, createElement: () => new FakeElement() };
globalThis.gettext = (text) => text;
globalThis.interpolate = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);
const { drawFigures, wireFigures } = await import("../../meetings/static/meetings/js/views/connection_figures.js");

const ANA = { seat: "ana", display_name: "Ana", is_connected: true };

const HOST = { role: "host" };

function known(roundTripMs) {
  const up = { bitrate_kbps: 900, loss_percent: 0, jitter_ms: 4 };
  return { me: HOST, connections: { ana: { seat: "ana", candidate: null, round_trip_ms: roundTripMs, up, down: null } } };
}

function makeRow() {
  const row = new FakeElement();
  row.parts = { quality: new FakeElement(), figures: new FakeElement() };
  row.parts.quality.hidden = row.parts.figures.hidden = true;
  wireFigures(row, "ana");
  return { row, button: row.parts.quality, figures: row.parts.figures };
}

function readLines(figures) {
  return figures.children.map((line) => line.textContent);
}

test("figures_closed_are_not_drawn_until_they_are_asked_for", () => {
  const { row, button, figures } = makeRow();

  drawFigures(row, ANA, known(20));
  assert.equal(figures.drawings, 0);
  button.listeners.click();

  assert.equal(figures.hidden, false);
  assert.equal(readLines(figures)[1], "Round trip 20 ms");
});

test("figures_open_are_drawn_again_only_when_they_differ", () => {
  const { row, button, figures } = makeRow();
  drawFigures(row, ANA, known(20));
  button.listeners.click();

  drawFigures(row, ANA, known(20));
  assert.equal(figures.drawings, 1);
  drawFigures(row, ANA, known(30));

  assert.equal(figures.drawings, 2);
  assert.equal(readLines(figures)[1], "Round trip 30 ms");
});

test("figures_of_a_lost_connection_say_so_and_keep_the_button", () => {
  const { row, button, figures } = makeRow();
  drawFigures(row, ANA, known(20));
  button.listeners.click();

  drawFigures(row, { ...ANA, is_connected: false }, { me: HOST, connections: {} });

  assert.equal(button.hidden, false);
  assert.equal(button.title, "Ana: Connection lost");
  assert.deepEqual(readLines(figures), ["Connection lost"]);
});

test("figures_that_are_not_there_yet_say_so_and_keep_the_button", () => {
  const { row, button, figures } = makeRow();
  const nothing = ["No figures at the moment", "They come once sound or picture flow."];

  drawFigures(row, ANA, { me: HOST, connections: {} });
  button.listeners.click();
  assert.equal(button.title, "Ana: No figures at the moment");
  assert.deepEqual([button.hidden, figures.hidden, readLines(figures)], [false, false, nothing]);
  drawFigures(row, ANA, known(20));
  assert.equal(readLines(figures)[1], "Round trip 20 ms");
  drawFigures(row, ANA, { me: HOST, connections: {} });

  assert.deepEqual([button.hidden, figures.hidden, readLines(figures)], [false, false, nothing]);
});

test("figures_without_a_path_tell_what_is_known", () => {
  const { row, button, figures } = makeRow();
  const half = { seat: "ana", candidate: "tcp", round_trip_ms: 20, up: null, down: null };

  drawFigures(row, ANA, { me: HOST, connections: { ana: half } });
  button.listeners.click();

  assert.deepEqual(readLines(figures), [
    "No figures at the moment",
    "Round trip 20 ms",
    "Over TCP: the network blocks UDP",
    "They come once sound or picture flow.",
  ]);
});

test("figures_have_no_button_for_who_is_no_host", () => {
  const { row, button } = makeRow();

  drawFigures(row, ANA, { me: { role: "presenter" }, connections: {} });

  assert.equal(button.hidden, true);
});

test("figures_of_somebody_never_connected_have_no_button", () => {
  const { row, button } = makeRow();

  drawFigures(row, { ...ANA, is_connected: false }, { me: HOST, connections: {} });

  assert.equal(button.hidden, true);
});
