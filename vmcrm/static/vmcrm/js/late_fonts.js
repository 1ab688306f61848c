/**
 * On machines without Chinese fonts pages use ours. Chromium can leave the text that first asked
 * for it in boxes: when the font comes after the text was drawn, and for good when it takes the
 * font out of its memory. So the font, once asked for, is loaded by name, and then a change of the
 * page's spacing, too small to be seen, makes the browser draw the text again.
 */
const FAMILY = "Noto Sans SC Subset";
const FILE = "NotoSansSC";
const A_MOMENT_MS = 60;

/** A spacing that was not used before: what was drawn with a known one comes from a cache. */
function redraw() {
  setTimeout(() => {
    document.body.style.wordSpacing = `${(1 + performance.now()) / 1e6}px`;
  }, A_MOMENT_MS);
}

/** @returns {boolean} whether the page's text wanted the font, so that machines with one load none */
function wasAskedFor() {
  return performance.getEntriesByType("resource").some((entry) => entry.name.includes(FILE));
}

export function redrawWhenFontsCome() {
  document.fonts.addEventListener("loadingdone", redraw);
  window.addEventListener("load", async () => {
    if (wasAskedFor()) {
      await document.fonts.load(`1em "${FAMILY}"`, "中");
      redraw();
    }
  });
}
