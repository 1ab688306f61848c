/** The buttons that choose light, dark, or what the system says. theme.js applies it on load. */

const KEY = "vmcrm-theme";

/** @returns {string} */
function readChoice() {
  return document.documentElement.dataset.theme ?? "auto";
}

/** @param {string} choice */
function applyChoice(choice) {
  const root = document.documentElement;
  if (choice === "auto") {
    delete root.dataset.theme;
  } else {
    root.dataset.theme = choice;
  }
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Without storage the choice lasts for this page.
  }
}

/** @param {HTMLElement[]} buttons */
function markChosen(buttons) {
  const choice = readChoice();
  for (const button of buttons) {
    button.setAttribute("aria-current", String(button.dataset.themeChoice === choice));
  }
}

export function wireThemeSwitch() {
  const buttons = /** @type {HTMLElement[]} */ ([
    ...document.querySelectorAll("[data-theme-choice]"),
  ]);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      applyChoice(button.dataset.themeChoice ?? "auto");
      markChosen(buttons);
    });
  }
  markChosen(buttons);
}
