/**
 * Who is shown where: a grid of everybody, or one large picture with the others beside it. Plain
 * data in, plain data out.
 *
 * @typedef {import("./room_state.js").RoomState} RoomState
 *
 * @typedef {object} Tile
 * @property {string} key  "seat/source"
 * @property {string} seat
 * @property {"camera" | "screen"} source
 * @property {boolean} isSelf
 *
 * @typedef {object} StagePlan
 * @property {"grid" | "spotlight" | "pair"} layout
 * @property {Tile[]} main  the grid's tiles, or the one large tile
 * @property {Tile[]} side  the strip beside a large tile, or the own picture of a pair
 * @property {number} hiddenCount  people for whom there was no room
 */

const GRID_LIMIT = 25;
const STRIP_LIMIT = 12;

/**
 * @param {Pick<RoomState, "me" | "roster" | "pinned" | "activeSpeaker">} state
 * @returns {StagePlan}
 */
export function planStage({ me, roster, pinned, activeSpeaker }) {
  const tiles = listTiles(me?.seat ?? null, roster);
  const large = findLarge(tiles, pinned);
  if (large) {
    const others = tiles.filter((tile) => tile !== large);
    return fill("spotlight", [large], bringForward(others, activeSpeaker, STRIP_LIMIT), STRIP_LIMIT);
  }
  const own = tiles.find((tile) => tile.isSelf);
  if (tiles.length === 2 && own) {
    const other = tiles.filter((tile) => tile !== own);
    return { layout: "pair", main: other, side: [own], hiddenCount: 0 };
  }
  return fillGrid(bringForward(tiles, activeSpeaker, GRID_LIMIT));
}

/**
 * @param {string | null} ownSeat
 * @param {RoomState["roster"]} roster
 */
function listTiles(ownSeat, roster) {
  /** @type {Tile[]} */
  const screens = [];
  /** @type {Tile[]} */
  const people = [];
  for (const { seat, sources } of roster) {
    const isSelf = seat === ownSeat;
    if (sources.screen) screens.push({ key: `${seat}/screen`, seat, source: "screen", isSelf });
    people.push({ key: `${seat}/camera`, seat, source: "camera", isSelf });
  }
  return [...screens, ...people];
}

/**
 * Pinned by the person first, else somebody else's screen, else one's own.
 *
 * @param {Tile[]} tiles
 * @param {string | null} pinned
 */
function findLarge(tiles, pinned) {
  return (
    tiles.find((tile) => tile.key === pinned) ??
    tiles.find((tile) => tile.source === "screen" && !tile.isSelf) ??
    tiles.find((tile) => tile.source === "screen")
  );
}

/**
 * Tiles keep their places; only a speaker nobody would see changes with the last one that is seen.
 *
 * @param {Tile[]} tiles
 * @param {string | null} speaker
 * @param {number} limit
 */
function bringForward(tiles, speaker, limit) {
  const index = tiles.findIndex((tile) => tile.seat === speaker && tile.source === "camera");
  if (index < limit) return tiles;
  const moved = [...tiles];
  [moved[limit - 1], moved[index]] = [moved[index], moved[limit - 1]];
  return moved;
}

/** @param {Tile[]} tiles */
function fillGrid(tiles) {
  return {
    layout: /** @type {const} */ ("grid"),
    main: tiles.slice(0, GRID_LIMIT),
    side: [],
    hiddenCount: Math.max(0, tiles.length - GRID_LIMIT),
  };
}

/**
 * @param {"spotlight"} layout
 * @param {Tile[]} main
 * @param {Tile[]} side
 * @param {number} limit
 * @returns {StagePlan}
 */
function fill(layout, main, side, limit) {
  return {
    layout,
    main,
    side: side.slice(0, limit),
    hiddenCount: Math.max(0, side.length - limit),
  };
}
