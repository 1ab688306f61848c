/** Follows a run that is being calculated, and shows its page again when it is over. */

const INTERVAL_MS = 1000;

/** @param {HTMLElement} panel */
function follow(panel) {
  const bar = /** @type {HTMLProgressElement} */ (panel.querySelector("progress"));
  const stage = /** @type {HTMLElement} */ (panel.querySelector("[data-stage]"));

  /** Polite live regions speak each change, so unchanged text is left alone.
   * @param {string} text */
  function say(text) {
    if (stage.textContent !== text) stage.textContent = text;
  }

  async function look() {
    try {
      const response = await fetch(panel.dataset.url ?? "", { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const run = await response.json();
      bar.value = run.progress;
      say(run.stage_label);
      if (!run.is_open) {
        window.location.reload();
        return;
      }
    } catch {
      say(panel.dataset.lost ?? "");
    }
    window.setTimeout(look, INTERVAL_MS);
  }

  window.setTimeout(look, INTERVAL_MS);
}

for (const panel of document.querySelectorAll("[data-run-progress]")) {
  follow(/** @type {HTMLElement} */ (panel));
}
