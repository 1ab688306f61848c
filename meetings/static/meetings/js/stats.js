/**
 * From the browser's statistics to one word per participant: how well we hear and see them, and
 * how well they get us. Pure arithmetic on two samples.
 *
 * @typedef {import("./room_state.js").Quality} Quality
 *
 * @typedef {object} Stream
 * @property {string} seat
 * @property {number} packetsLost
 * @property {number} packetsReceived
 * @property {number} jitterS
 * @property {number} freezeCount
 *
 * @typedef {object} Sample
 * @property {Record<string, Stream>} streams  what we receive, by the id of the statistic
 * @property {{lossShare: number, roundTripS: number} | null} sending  as the relay reports it
 */

const FAIR = { lossShare: 0.02, jitterS: 0.03, roundTripS: 0.3, freezes: 0 };
const POOR = { lossShare: 0.08, jitterS: 0.1, roundTripS: 0.8, freezes: 1 };

/**
 * @param {Iterable<any> | null} publish  the values of an RTCStatsReport
 * @param {Iterable<any> | null} subscribe
 * @param {ReadonlyMap<string, {seat: string}>} origins  who is behind a mid
 * @returns {Sample}
 */
export function takeSample(publish, subscribe, origins) {
  /** @type {Record<string, Stream>} */
  const streams = {};
  for (const stat of subscribe ?? []) {
    const origin = stat.type === "inbound-rtp" ? origins.get(stat.mid) : undefined;
    if (!origin) continue;
    streams[stat.id] = {
      seat: origin.seat,
      packetsLost: stat.packetsLost ?? 0,
      packetsReceived: stat.packetsReceived ?? 0,
      jitterS: stat.jitter ?? 0,
      freezeCount: stat.freezeCount ?? 0,
    };
  }
  return { streams, sending: summariseSending(publish ?? []) };
}

/**
 * @param {Sample} now
 * @param {Sample | null} before
 * @param {string | null} ownSeat
 * @returns {Record<string, Quality>}
 */
export function rateQuality(now, before, ownSeat) {
  /** @type {Record<string, Quality>} */
  const quality = {};
  for (const [id, stream] of Object.entries(now.streams)) {
    const rated = rateStream(stream, before?.streams[id]);
    if (rated !== null) quality[stream.seat] = worse(quality[stream.seat] ?? 3, rated);
  }
  if (ownSeat && now.sending) {
    quality[ownSeat] = rate({ ...now.sending, jitterS: 0, freezes: 0 });
  }
  return quality;
}

/**
 * What the relay measured of one seat, in the same word; null while nothing is known.
 *
 * @param {import("./protocol.js").SeatQuality} known
 * @returns {Quality | null}
 */
export function rateConnection({ round_trip_ms: roundTripMs, up, down }) {
  /** @type {Quality | null} */
  let rated = null;
  for (const path of [up, down]) {
    if (!path) continue;
    const one = rate({
      lossShare: path.loss_percent / 100,
      jitterS: path.jitter_ms / 1000,
      roundTripS: (roundTripMs ?? 0) / 1000,
      freezes: 0,
    });
    rated = rated === null ? one : worse(rated, one);
  }
  return rated;
}

/**
 * The word that everything on the page shows of a person: what the relay measured, where we are
 * told, so that tile and list say the same; undefined while nothing is known.
 *
 * @param {Pick<import("./room_state.js").RoomState, "quality" | "connections">} state
 * @param {Pick<import("./protocol.js").RosterEntry, "seat" | "is_connected">} entry
 * @returns {Quality | undefined}
 */
export function findQuality({ quality, connections }, { seat, is_connected: isConnected }) {
  if (!isConnected) return undefined;
  const known = connections[seat];
  return (known && rateConnection(known)) ?? quality[seat];
}

/** @param {Iterable<any>} stats */
function summariseSending(stats) {
  const reports = [...stats].filter((stat) => stat.type === "remote-inbound-rtp");
  if (!reports.length) return null;
  return {
    lossShare: Math.max(...reports.map((stat) => stat.fractionLost ?? 0)),
    roundTripS: Math.max(...reports.map((stat) => stat.roundTripTime ?? 0)),
  };
}

/**
 * A stream of which nothing came says nothing: it may be paused, hidden, or its sender gone.
 *
 * @param {Stream} now
 * @param {Stream | undefined} before
 * @returns {Quality | null}
 */
function rateStream(now, before) {
  const lost = Math.max(0, now.packetsLost - (before?.packetsLost ?? now.packetsLost));
  const received = Math.max(0, now.packetsReceived - (before?.packetsReceived ?? 0));
  if (!lost && !received) return null;
  return rate({
    lossShare: lost ? lost / (lost + received) : 0,
    jitterS: now.jitterS,
    roundTripS: 0,
    freezes: before ? now.freezeCount - before.freezeCount : 0,
  });
}

/**
 * @param {{lossShare: number, jitterS: number, roundTripS: number, freezes: number}} figures
 * @returns {Quality}
 */
function rate(figures) {
  /** @param {typeof FAIR} limits */
  const isBeyond = (limits) =>
    figures.lossShare > limits.lossShare ||
    figures.jitterS > limits.jitterS ||
    figures.roundTripS > limits.roundTripS ||
    figures.freezes > limits.freezes;
  if (isBeyond(POOR)) return 1;
  return isBeyond(FAIR) ? 2 : 3;
}

/**
 * @param {Quality} one
 * @param {Quality} other
 * @returns {Quality}
 */
function worse(one, other) {
  return one < other ? one : other;
}
