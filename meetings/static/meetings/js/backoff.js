/** When to try again: at once, then ever more patiently, never all browsers in the same instant. */

const DELAYS_S = [0, 0.3, 1.2, 2.7, 4.8, 7];
const JITTER = 0.25;

/**
 * @param {number} attempt  0 for the first try after a loss
 * @param {() => number} [random]  0 up to 1
 * @returns {number} milliseconds
 */
export function chooseDelay(attempt, random = Math.random) {
  const base = DELAYS_S[Math.min(attempt, DELAYS_S.length - 1)];
  return Math.round(base * 1000 * (1 - JITTER + 2 * JITTER * random()));
}
