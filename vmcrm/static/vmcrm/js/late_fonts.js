/**
 * Chromium leaves the text that first asked for a web font in boxes after the font has come. A
 * change of the font's settings on the whole page makes it draw that text again.
 */
export function redrawWhenFontsCome() {
  const redraw = () => document.documentElement.classList.add("fonts-came");
  document.fonts.addEventListener("loadingdone", redraw);
  if (document.fonts.status === "loaded" && [...document.fonts].some((font) => font.status === "loaded")) {
    redraw();
  }
}
