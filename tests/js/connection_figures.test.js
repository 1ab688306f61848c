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

function known(roundTripMs) {
  const up = { bitrate_kbps: 900, loss_percent: 0, jitter_ms: 4 };
  return { connections: { ana: { seat: "ana", candidate: null, round_trip_ms: roundTripMs, up, down: null } } };
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

  drawFigures(row, { ...ANA, is_connected: false }, { connections: {} });

  assert.equal(button.hidden, false);
  assert.equal(button.title, "Ana: Connection lost");
  assert.deepEqual(readLines(figures), ["Connection lost"]);
});

test("figures_of_somebody_never_connected_have_no_button", () => {
  const { row, button } = makeRow();

  drawFigures(row, { ...ANA, is_connected: false }, { connections: {} });

  assert.equal(button.hidden, true);
});
