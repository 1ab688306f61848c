/** Puts the browser's time zone into an untouched `select[data-browser-time-zone]`. */

export function offerBrowserTimeZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const element of document.querySelectorAll("select[data-browser-time-zone]")) {
    const select = /** @type {HTMLSelectElement} */ (element);
    const isOffered = [...select.options].some((option) => option.value === zone);
    if (isOffered) {
      select.value = zone;
    }
  }
}
