/** The few things every view does with elements. Texts go in as text, never as markup. */

/**
 * The element a template marked with data-part.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {ParentNode} root
 * @param {string} name
 * @param {new () => Kind} [kind]
 * @returns {Kind}
 */
export function part(root, name, kind = /** @type {any} */ (HTMLElement)) {
  const element = root.querySelector(`[data-part="${name}"]`);
  if (!(element instanceof kind)) throw new Error(`The page has no part "${name}".`);
  return element;
}

/**
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLElement | null}
 */
export function findPart(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/**
 * A fresh copy of the first element in a <template>.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function stamp(id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`The page has no template "${id}".`);
  const copy = template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`The template "${id}" is empty.`);
  return copy;
}

/**
 * @param {string} id
 * @returns {HTMLDialogElement}
 */
export function findDialog(id) {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement)) throw new Error(`The page has no dialog "${id}".`);
  return dialog;
}

/**
 * Name a button that shows an icon: for screen readers and as a tooltip.
 *
 * @param {HTMLElement} button
 * @param {string} text
 */
export function name(button, text) {
  part(button, "label").textContent = text;
  button.title = text;
}

/**
 * Make the container hold one element per item, in order, and touch no element that stays.
 *
 * @template Item
 * @param {Element} container
 * @param {Item[]} items
 * @param {object} how
 * @param {(item: Item) => string} how.key
 * @param {(item: Item) => HTMLElement} how.create
 * @param {(element: HTMLElement, item: Item, previous: Item | undefined) => void} how.update
 */
export function reconcile(container, items, { key, create, update }) {
  const existing = new Map(
    [...container.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]),
  );
  items.forEach((item, index) => {
    let element = /** @type {HTMLElement | undefined} */ (existing.get(key(item)));
    if (!element) {
      element = create(item);
      element.dataset.key = key(item);
    }
    existing.delete(key(item));
    if (container.children[index] !== element) container.insertBefore(element, container.children[index] ?? null);
    update(element, item, items[index - 1]);
  });
  for (const gone of existing.values()) gone.remove();
}
