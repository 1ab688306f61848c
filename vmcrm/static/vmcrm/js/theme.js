// Sets the chosen theme before the first paint: a plain script in the head, not a module.
(() => {
  try {
    const chosen = localStorage.getItem("vmcrm-theme");
    if (chosen === "light" || chosen === "dark") {
      document.documentElement.dataset.theme = chosen;
    }
  } catch {
    // Storage may be forbidden; the page then follows the system.
  }
})();
