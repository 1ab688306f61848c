/** The sidebar remembers which of its sections are folded. */

const KEY = "vmcrm-folded-sections";

/** @returns {Set<string>} */
function readFolded() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEY) ?? '["setup"]'));
  } catch {
    return new Set(["setup"]);
  }
}

/** @param {Set<string>} folded */
function keepFolded(folded) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...folded]));
  } catch {
    // Without storage the sections fold as the page says.
  }
}

function wireSections() {
  const folded = readFolded();
  for (const element of document.querySelectorAll("details.admin-nav-section")) {
    const section = /** @type {HTMLDetailsElement} */ (element);
    const key = section.dataset.section ?? "";
    section.open = !folded.has(key) || section.querySelector("[aria-current]") !== null;
    section.addEventListener("toggle", () => {
      if (section.open) {
        folded.delete(key);
      } else {
        folded.add(key);
      }
      keepFolded(folded);
    });
  }
}

wireSections();
