/** Single letters for what the hand does often. Never while somebody writes or a dialog is open. */

/**
 * @param {Record<string, () => void>} actions  by key, in lower case
 * @param {() => boolean} isActive
 */
export function wireShortcuts(actions, isActive) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (!isActive() || isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** @param {EventTarget | null} target */
function isWriting(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox])"))
  );
}
