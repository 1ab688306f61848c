/** Closes the <details class="menu"> menus: on Escape, on a click elsewhere, when another opens. */

/** @param {HTMLDetailsElement | null} kept */
function closeMenus(kept) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== kept) {
      /** @type {HTMLDetailsElement} */ (menu).open = false;
    }
  }
}

/** @param {KeyboardEvent} event */
function closeOnEscape(event) {
  const open = document.querySelector("details.menu[open]");
  if (event.key !== "Escape" || !open) {
    return;
  }
  closeMenus(null);
  open.querySelector("summary")?.focus();
}

export function wireMenus() {
  document.addEventListener("keydown", closeOnEscape);
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    closeMenus(target.closest("details.menu"));
  });
}
