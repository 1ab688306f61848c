/** Questions that need an answer before anything happens. The browser keeps the focus inside. */

import { findDialog, part } from "./dom.js";

/**
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} the value of the button, or "" when dismissed
 */
export function askWith(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

/**
 * @param {{title: string, text: string, yes: string}} question
 */
export async function askToConfirm({ title, text, yes }) {
  const dialog = findDialog("confirm-dialog");
  part(dialog, "title").textContent = title;
  part(dialog, "text").textContent = text;
  part(dialog, "yes").textContent = yes;
  return (await askWith(dialog)) === "yes";
}
