/** Draws the charts of a page in the colours of the moment. */

import { fitted } from "./chart_size.js";

/**
 * vega-embed comes as a plain script. These options keep it to the content security policy:
 * expressions are interpreted, no style sheet is inserted, nothing is sent to an outside editor.
 */
const OPTIONS = {
  ast: true,
  actions: false,
  defaultStyle: false,
  renderer: "svg",
  tooltip: { disableDefaultStyle: true },
};

/** What is drawn where. @type {WeakMap<HTMLElement, {finalize: () => void}>} */
const drawn = new WeakMap();

const darkQuery = window.matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} */
function currentTheme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return darkQuery.matches ? "dark" : "light";
}

/** @param {string} id */
function readJson(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}

/** @param {HTMLElement} place */
async function draw(place) {
  const spec = readJson(place.dataset.chart ?? "");
  const themes = readJson("chart-themes");
  // @ts-ignore - a global of the plain script
  const embed = window.vegaEmbed;
  if (!spec || !embed) return;
  try {
    drawn.get(place)?.finalize(); // else it goes on listening to the window's size
    drawn.set(
      place,
      await embed(place, fitted(spec, place.clientWidth), { ...OPTIONS, config: themes[currentTheme()] }),
    );
    place.dataset.chartState = "drawn";
  } catch (error) {
    // The numbers stand in the table below; the page stays usable.
    place.dataset.chartState = "failed";
    console.error("A chart could not be drawn.", error);
  }
}

function drawAll() {
  for (const place of document.querySelectorAll("[data-chart]")) {
    draw(/** @type {HTMLElement} */ (place));
  }
}

drawAll();
darkQuery.addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
