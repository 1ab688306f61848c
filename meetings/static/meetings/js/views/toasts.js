/**
 * Small messages that come and go, and the polite voice for screen readers. What happens often
 * (people joining) is only spoken; what wants an answer is shown as well.
 *
 * @typedef {{text: string, lastsMs?: number, action?: {label: string, run: () => void}, key?: string}} Toast
 */

import { part, stamp } from "./dom.js";

const SHOWN_AT_ONCE = 3;

export class Toasts {
  #list;
  #announcer;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#list = part(root, "toasts");
    this.#announcer = part(root, "announcer");
  }

  /** @param {string} text */
  announce(text) {
    this.#announcer.textContent = text;
  }

  /** @param {Toast} toast */
  show({ text, lastsMs = 6_000, action, key }) {
    this.announce(text);
    if (key) this.dismiss(key);
    const element = stamp("toast-stamp");
    if (key) element.dataset.key = key;
    part(element, "text").textContent = text;
    part(element, "close").addEventListener("click", () => element.remove());
    if (action) wireAction(element, action);
    this.#list.append(element);
    while (this.#list.childElementCount > SHOWN_AT_ONCE) this.#list.firstElementChild?.remove();
    setTimeout(() => element.remove(), lastsMs);
  }

  /** What the toast said has been dealt with. @param {string} key */
  dismiss(key) {
    this.#list.querySelector(`[data-key="${key}"]`)?.remove();
  }
}

/**
 * @param {HTMLElement} element
 * @param {{label: string, run: () => void}} action
 */
function wireAction(element, { label, run }) {
  const button = part(element, "action");
  button.hidden = false;
  button.textContent = label;
  button.addEventListener("click", () => {
    element.remove();
    run();
  });
}
