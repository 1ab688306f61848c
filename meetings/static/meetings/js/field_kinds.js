/**
 * What a field of a message may hold. A kind is a function that says what is wrong with a value,
 * or returns "" when nothing is.
 *
 * @typedef {(value: unknown, path: string) => string} Kind
 */

/** @type {Kind} */
export const text = (value, path) => (typeof value === "string" ? "" : `${path} is not a text`);

/** @type {(expression: RegExp) => Kind} */
export const pattern = (expression) => (value, path) =>
  typeof value === "string" && expression.test(value) ? "" : `${path} has not the agreed form`;

/** A text of so many characters, counted as Python does: by code point. @type {(least: number, most: number) => Kind} */
export const sized = (least, most) => (value, path) => {
  if (typeof value !== "string") return `${path} is not a text`;
  const length = value.length > most ? [...value].length : value.length;
  return length >= least && length <= most ? "" : `${path} is too short or too long`;
};

/** Whole and not negative. @type {Kind} */
export const whole = (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? "" : `${path} is not a whole number`;

/** Whole, from 0 to `most`. @type {(most: number) => Kind} */
export const upTo = (most) => (value, path) =>
  whole(value, path) || (Number(value) <= most ? "" : `${path} is too large`);

/** @type {Kind} */
export const flag = (value, path) => (typeof value === "boolean" ? "" : `${path} is not true or false`);

/** @type {(...words: string[]) => Kind} */
export const oneOf = (...words) => (value, path) =>
  words.includes(/** @type {string} */ (value)) ? "" : `${path} is none of ${words.join(", ")}`;

/** @type {(kind: Kind) => Kind} */
export const nullable = (kind) => (value, path) => (value === null ? "" : kind(value, path));

/**
 * A field that may be left out of its record.
 *
 * @type {(kind: Kind) => Kind}
 */
export const optional = (kind) =>
  Object.assign(/** @type {Kind} */ ((value, path) => kind(value, path)), { isOptional: true });

/** @type {(kind: Kind, most?: number) => Kind} */
export const listOf = (kind, most = Infinity) => (value, path) => {
  if (!Array.isArray(value)) return `${path} is not a list`;
  if (value.length > most) return `${path} holds too much`;
  return firstFault(value.map((item, index) => () => kind(item, `${path}[${index}]`)));
};

/** @type {(kind: Kind, key?: Kind, most?: number) => Kind} */
export const mapOf = (kind, key = text, most = Infinity) => (value, path) => {
  if (!isPlainObject(value)) return `${path} is not an object`;
  if (Object.keys(value).length > most) return `${path} holds too much`;
  return firstFault(
    Object.entries(value).map(
      ([name, item]) =>
        () => key(name, `the key ${name} of ${path}`) || kind(item, `${path}.${name}`),
    ),
  );
};

/**
 * An object with exactly these fields.
 *
 * @type {(fields: Record<string, Kind>) => Kind}
 */
export const record = (fields) => (value, path) => {
  if (!isPlainObject(value)) return `${path} is not an object`;
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) return `${path}.${unknown} is not known`;
  return firstFault(
    Object.entries(fields).map(([name, kind]) => () => {
      if (Object.hasOwn(value, name)) return kind(value[name], `${path}.${name}`);
      return "isOptional" in kind ? "" : `${path}.${name} is missing`;
    }),
  );
};

/** @type {(value: unknown) => value is Record<string, unknown>} */
function isPlainObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {(() => string)[]} checks */
function firstFault(checks) {
  for (const check of checks) {
    const fault = check();
    if (fault) return fault;
  }
  return "";
}
