/**
 * Names for what Django's own widgets leave nameless: cells of inline tables, the boxes of its
 * search fields, halves of a date with time. And tables that scroll can be scrolled by keyboard.
 */

/** @param {Element | null | undefined} element */
const textOf = (element) => element?.textContent?.replace(/[:\s]+$/, "").trim() ?? "";

/** @param {Element} field */
function hasName(field) {
  const { labels } = /** @type {HTMLInputElement} */ (field);
  return Boolean(labels?.length) || field.hasAttribute("aria-label") || field.hasAttribute("aria-labelledby");
}

/** The heading of the cell's column, or the label of the row around the field. @param {Element} field */
function findName(field) {
  if (field.closest("td.delete")) return textOf(field.closest("table")?.querySelector("thead th:last-child"));
  const cell = field.closest("td[class*=field-]");
  const column = [...(cell?.classList ?? [])].find((name) => name.startsWith("field-"));
  if (cell && column) {
    const heading = cell.closest("table")?.querySelector(`th.${column.replace("field-", "column-")}`);
    return textOf(heading?.firstChild instanceof Element ? heading.firstChild : heading);
  }
  return textOf(field.closest(".form-row, .field")?.querySelector("label, legend"));
}

function nameFields() {
  const fields = "input:not([type=hidden], [type=submit]), select, textarea";
  for (const field of document.querySelectorAll(`.admin-content :is(${fields})`)) {
    if (hasName(field) || field.closest(".select2")) continue;
    const name = findName(field);
    if (name) field.setAttribute("aria-label", name);
  }
}

/** Select2 puts its box behind the field it stands for. */
function nameSearchBoxes() {
  for (const box of document.querySelectorAll(".select2.select2-container")) {
    const field = box.previousElementSibling;
    const label = /** @type {HTMLSelectElement | null} */ (field)?.labels?.[0];
    const name = textOf(label) || field?.getAttribute("aria-label") || "";
    const combobox = box.querySelector("[role=combobox]");
    if (!name || !combobox) continue;
    combobox.setAttribute("aria-label", name);
    combobox.removeAttribute("aria-labelledby");
    const value = combobox.querySelector(".select2-selection__rendered");
    if (value?.id) combobox.setAttribute("aria-describedby", value.id);
    if (value?.getAttribute("role") === "textbox") value.setAttribute("aria-label", name);
    box.querySelector(".select2-search__field")?.setAttribute("aria-label", name);
    // Single choices are taken back with the keyboard; the cross that takes all is for the mouse.
    box.querySelector("ul > .select2-selection__clear")?.setAttribute("aria-hidden", "true");
  }
  const open = document.querySelector(".select2-container--open [role=combobox]");
  const search = document.querySelector(".select2-dropdown .select2-search__field");
  search?.setAttribute("aria-label", open?.getAttribute("aria-label") ?? "");
}

function nameHelp() {
  for (const help of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) help.setAttribute("role", "img");
}

function openScrollersToKeyboard() {
  for (const element of document.querySelectorAll(".admin-content :is(table, .module, .results)")) {
    if (element.scrollWidth > element.clientWidth) element.setAttribute("tabindex", "0");
  }
}

function nameAll() {
  nameFields();
  nameSearchBoxes();
  nameHelp();
}

let isDue = false;
function nameSoon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    nameAll();
  });
}

nameAll();
openScrollersToKeyboard();
new MutationObserver(nameSoon).observe(document.body, { childList: true, subtree: true });
window.addEventListener("resize", openScrollersToKeyboard);
