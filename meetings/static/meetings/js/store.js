/**
 * Plain data that can be watched. A watcher names the part it draws from and is called only when
 * that part is another object than before.
 *
 * @template State
 */
export class Store {
  #state;
  /** @type {Set<() => void>} */
  #watchers = new Set();

  /** @param {State} state */
  constructor(state) {
    this.#state = state;
  }

  get state() {
    return this.#state;
  }

  /** @param {(state: State) => State} change */
  update(change) {
    const next = change(this.#state);
    if (next === this.#state) return;
    this.#state = next;
    for (const watcher of [...this.#watchers]) watcher();
  }

  /**
   * @param {((state: State) => unknown)[]} parts
   * @param {(state: State) => void} draw  called at once, and after each change of a part
   * @returns {() => void} stops watching
   */
  subscribe(parts, draw) {
    let seen = parts.map((part) => part(this.#state));
    const watcher = () => {
      const now = parts.map((part) => part(this.#state));
      if (now.every((value, index) => Object.is(value, seen[index]))) return;
      seen = now;
      draw(this.#state);
    };
    this.#watchers.add(watcher);
    draw(this.#state);
    return () => this.#watchers.delete(watcher);
  }
}
