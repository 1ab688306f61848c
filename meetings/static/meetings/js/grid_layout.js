/** The arithmetic of the stage: which grid gives the largest tiles. */

/**
 * @typedef {{columns: number, rows: number, width: number, height: number}} Grid  sizes in pixels
 */

/**
 * @param {object} space
 * @param {number} space.count  tiles
 * @param {number} space.width  of the stage
 * @param {number} space.height  of the stage
 * @param {number} [space.gap]
 * @param {number} [space.leastRatio]  tiles may become as narrow as this (width / height) ...
 * @param {number} [space.mostRatio]  ... and as wide as this
 * @returns {Grid}
 */
export function chooseGrid({ count, width, height, gap = 12, leastRatio = 3 / 4, mostRatio = 16 / 9 }) {
  /** @type {Grid} */
  let best = { columns: 1, rows: Math.max(count, 1), width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = fitTile(
      (width - gap * (columns - 1)) / columns,
      (height - gap * (rows - 1)) / rows,
      leastRatio,
      mostRatio,
    );
    if (tile.width * tile.height > best.width * best.height) best = { columns, rows, ...tile };
  }
  return best;
}

/**
 * @param {number} width
 * @param {number} height
 * @param {number} leastRatio
 * @param {number} mostRatio
 */
function fitTile(width, height, leastRatio, mostRatio) {
  const fittedWidth = Math.max(0, Math.min(width, height * mostRatio));
  const fittedHeight = Math.max(0, Math.min(height, fittedWidth / leastRatio));
  return { width: Math.floor(fittedWidth), height: Math.floor(fittedHeight) };
}
