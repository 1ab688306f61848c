/**
 * Finds web addresses in a line of chat. What comes out is text and checked addresses, never
 * markup: the page builds text nodes and links from it.
 *
 * @typedef {{text: string, href?: string}} Piece
 */

const ADDRESS = /\bhttps?:\/\/[^\s<>"'“”‘’「」《》，。；！？）】]+/gi;
const TRAILING = /[.,;:!?)\]}]+$/;

/**
 * @param {string} line
 * @returns {Piece[]}
 */
export function splitLinks(line) {
  /** @type {Piece[]} */
  const pieces = [];
  let position = 0;
  for (const match of line.matchAll(ADDRESS)) {
    const address = trimAddress(match[0]);
    const href = readAddress(address);
    if (!href) continue;
    if (match.index > position) pieces.push({ text: line.slice(position, match.index) });
    pieces.push({ text: address, href });
    position = match.index + address.length;
  }
  if (position < line.length) pieces.push({ text: line.slice(position) });
  return pieces;
}

/** A full stop or bracket after an address belongs to the sentence. @param {string} address */
function trimAddress(address) {
  const ending = TRAILING.exec(address)?.[0] ?? "";
  const keepsBracket = ending.startsWith(")") && address.includes("(");
  return keepsBracket ? address.slice(0, address.length - ending.length + 1) : address.replace(TRAILING, "");
}

/** @param {string} address */
function readAddress(address) {
  try {
    const { href, protocol, username, password } = new URL(address);
    // An address with a name before the host is made to look like another one.
    const isPlain = (protocol === "https:" || protocol === "http:") && !username && !password;
    return isPlain ? href : null;
  } catch {
    return null;
  }
}
