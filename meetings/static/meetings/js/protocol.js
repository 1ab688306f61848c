/**
 * The messages of a room as the browser sees them: names, types, checks. The Python side is
 * `meetings/room_protocol/`, the prose `meetings/PROTOCOL.md`; the golden files of the tests
 * keep the three alike. Nothing here knows a socket or a page.
 *
 * @typedef {"microphone" | "camera" | "screen" | "screen_audio"} Source
 * @typedef {"host" | "co_host" | "presenter" | "attendee"} Role
 * @typedef {"publish_microphone" | "publish_camera" | "publish_screen" | "chat" | "admit" | "mute" |
 *   "remove" | "end" | "record"} Permission
 * @typedef {Partial<Record<Source, boolean>>} Sources  what is switched on, by source
 *
 * @typedef {{position: number, title: string, duration_min: number, speaker: string}} AgendaItem
 * @typedef {{public_id: string, title: string, kind: string, agenda: AgendaItem[],
 *   starts_at: string, ends_at: string, has_lobby: boolean, opens_at: string,
 *   is_live: boolean}} Meeting
 * @typedef {{seat: string, role: Role, display_name: string, permissions: Permission[],
 *   agrees_to_recording?: boolean}} Me
 * @typedef {{starts_at: string, state: "announced" | "running" | "refused"}} RecordingCard
 *   nothing is recorded before that time, nor in any state but "running"
 * @typedef {{seat: string, display_name: string, role: Role, sources: Sources,
 *   is_connected: boolean}} RosterEntry
 * @typedef {{seat: string, display_name: string}} LobbyEntry
 * @typedef {{seq: number, seat: string, display_name: string, text: string, sent_at: string,
 *   client_id: string}} ChatLine
 * @typedef {{mid: string, seat: string, source: Source}} OfferedTrack
 * @typedef {{bitrate_kbps: number, loss_percent: number, jitter_ms: number}} PathQuality
 * @typedef {{seat: string, candidate: "host" | "tcp" | "relay" | null,
 *   round_trip_ms: number | null, up: PathQuality | null, down: PathQuality | null}} SeatQuality
 *   null where the relay does not know; `up` is what the seat sends, `down` what it gets
 * @typedef {{seat: string, source: Source, width: number, height: number, is_stage: boolean}}
 *   ViewTile  a video on our screen, in pixels of the device
 * @typedef {{seat: string, source: Source}} VideoName
 * @typedef {{urls: string[], username?: string, credential?: string}} IceServer
 *
 * @typedef {{type: "snapshot", id: string, seq: number, meeting: Meeting, me: Me,
 *   roster: RosterEntry[], lobby: LobbyEntry[], chat: ChatLine[], ice_servers: IceServer[],
 *   relay: "ready" | "lost", recording?: RecordingCard}} Snapshot
 * @typedef {{type: "waiting", id: string, position?: number, opens_at?: string}} Waiting
 * @typedef {{type: "ok", id: string}} Ok
 * @typedef {{type: "pong", id: string}} Pong
 * @typedef {{type: "publish_answer", id: string, sdp: string}} PublishAnswer
 * @typedef {{type: "missed", id: string, messages: Delta[]}} Missed
 * @typedef {{type: "error", id?: string, code: string, sentence: string}} ErrorMessage
 * @typedef {Snapshot | Waiting | Ok | Pong | PublishAnswer | Missed} Answer
 *
 * @typedef {{type: "participant_joined", seq: number} & RosterEntry} ParticipantJoined
 * @typedef {{type: "participant_updated", seq: number} & RosterEntry} ParticipantUpdated
 * @typedef {{type: "participant_left", seq: number} & RosterEntry} ParticipantLeft
 * @typedef {{type: "chat_message"} & ChatLine} ChatMessage
 * @typedef {{type: "recording_changed", seq: number, recording?: RecordingCard}} RecordingChanged
 * @typedef {{type: "room_advanced", seq: number}} RoomAdvanced  the number of something not for us
 * @typedef {ParticipantJoined | ParticipantUpdated | ParticipantLeft | ChatMessage |
 *   RecordingChanged | RoomAdvanced} Delta
 *
 * @typedef {{type: "lobby_changed", lobby: LobbyEntry[]}} LobbyChanged
 * @typedef {{type: "admitted"}} Admitted
 * @typedef {{type: "subscribe_offer", generation: number, sdp: string, tracks: OfferedTrack[]}}
 *   SubscribeOffer
 * @typedef {{type: "active_speaker", seat: string | null}} ActiveSpeaker
 * @typedef {{type: "room_quality", seats: SeatQuality[]}} RoomQuality  to hosts and co-hosts only
 * @typedef {{type: "talk_times", seats: {seat: string, talked_s: number}[]}} TalkTimes  to hosts and
 *   co-hosts only: since the meeting went live
 * @typedef {{type: "tracks_moved", tracks: OfferedTrack[]}} TracksMoved  who is in our sections now
 * @typedef {{type: "layers_wanted", source: Source, layers: number[]}} LayersWanted  the sizes of a
 *   video of ours that somebody watches, by index from the smallest
 * @typedef {{type: "offer_wanted"}} OfferWanted  somebody came who cannot decode what we send
 * @typedef {{type: "videos_paused", videos: VideoName[]}} VideosPaused  what our network has no
 *   room for, of what we see
 * @typedef {{type: "force_mute", source: Source, by: string}} ForceMute
 * @typedef {"recording_off" | "disk_low" | "cannot_record" | "relay_away"} RecordingTrouble
 * @typedef {{type: "recording_status",
 *   state: "recording" | "stalled" | "disk_low" | "stopped" | "refused",
 *   reason: "" | "no_media" | "disk" | RecordingTrouble,
 *   size_bytes: number, tracks: number}} RecordingStatus
 * @typedef {{type: "removed"}} Removed
 * @typedef {{type: "replaced"}} Replaced
 * @typedef {{type: "meeting_live"}} MeetingLive
 * @typedef {{type: "meeting_ended"}} MeetingEnded
 * @typedef {{type: "relay_lost"}} RelayLost
 * @typedef {{type: "relay_ready"}} RelayReady
 * @typedef {LobbyChanged | Admitted | SubscribeOffer | ActiveSpeaker | RoomQuality | TalkTimes |
 *   TracksMoved | LayersWanted | OfferWanted | VideosPaused | ForceMute | RecordingStatus | Removed | Replaced | MeetingLive |
 *   MeetingEnded | RelayLost | RelayReady} Event
 *
 * @typedef {Answer | ErrorMessage | Delta | Event} ServerMessage
 */

import {
  flag, listOf, mapOf, nullable, oneOf, optional, pattern, record, sized, text, upTo, whole,
} from "./field_kinds.js";

export const VERSION = 1;

/** Close codes of the socket that mean more than "the connection broke". */
export const CLOSE = Object.freeze({
  BAD_MESSAGE: 4000,
  NO_SEAT: 4001,
  FORBIDDEN: 4003,
  UNKNOWN_MEETING: 4004,
  TOO_MANY_MESSAGES: 4008,
  REPLACED: 4009,
  MEETING_ENDED: 4010,
  SLOW_READER: 4029,
  SERVER_RESTARTS: 1012,
});

/** The message breaks the protocol; `code` is what an `error` message would carry. */
export class ProtocolError extends Error {
  /**
   * @param {"bad_text" | "bad_message"} code
   * @param {string} sentence
   */
  constructor(code, sentence) {
    super(sentence);
    this.name = "ProtocolError";
    this.code = code;
  }
}

const source = oneOf("microphone", "camera", "screen", "screen_audio");
const role = oneOf("host", "co_host", "presenter", "attendee");
const permission = oneOf(
  "publish_microphone", "publish_camera", "publish_screen", "chat", "admit", "mute", "remove", "end",
  "record",
);
const id = pattern(/^[A-Za-z0-9_-]{1,64}$/);
const uuid = pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const mid = pattern(/^[A-Za-z0-9._-]{1,16}$/);
const sdp = sized(1, 60_000);
const pixels = upTo(16_384);
const tracks = listOf(record({ mid, seat: uuid, source }));
const viewTile = record({ seat: uuid, source, width: pixels, height: pixels, is_stage: flag });
const agendaItem = record({ position: whole, title: text, duration_min: whole, speaker: text });
const rosterEntry = {
  seat: uuid,
  display_name: text,
  role,
  sources: mapOf(flag, source),
  is_connected: flag,
};
const path = nullable(record({ bitrate_kbps: whole, loss_percent: whole, jitter_ms: whole }));
const seatQuality = record({
  seat: uuid,
  candidate: nullable(oneOf("host", "tcp", "relay")),
  round_trip_ms: nullable(whole),
  up: path,
  down: path,
});
const recording = record({ starts_at: text, state: oneOf("announced", "running", "refused") });
const lobby = listOf(record({ seat: uuid, display_name: text }));
const chatLine = {
  seq: whole,
  seat: uuid,
  display_name: text,
  text,
  sent_at: text,
  client_id: uuid,
};

const DELTA_TYPES = [
  "participant_joined", "participant_updated", "participant_left", "chat_message",
  "recording_changed", "room_advanced",
];

/** @type {(type: unknown) => type is Delta["type"]} */
function isDeltaType(type) {
  return DELTA_TYPES.includes(/** @type {string} */ (type));
}

/**
 * Whether the message carries a number of the room and must arrive in order.
 *
 * @type {(message: ServerMessage) => message is Delta}
 */
export function isDelta(message) {
  return isDeltaType(message.type);
}

/** @type {Record<string, Record<string, import("./field_kinds.js").Kind>>} */
const FROM_SERVER = {
  snapshot: {
    id,
    seq: whole,
    meeting: record({
      public_id: text,
      title: text,
      kind: text,
      agenda: listOf(agendaItem),
      starts_at: text,
      ends_at: text,
      has_lobby: flag,
      opens_at: text,
      is_live: flag,
    }),
    me: record({
      seat: uuid,
      role,
      display_name: text,
      permissions: listOf(permission),
      agrees_to_recording: optional(flag),
    }),
    roster: listOf(record(rosterEntry)),
    lobby,
    chat: listOf(record(chatLine)),
    ice_servers: listOf(
      record({ urls: listOf(text), username: optional(text), credential: optional(text) }),
    ),
    relay: oneOf("ready", "lost"),
    recording: optional(recording),
  },
  waiting: { id, position: optional(whole), opens_at: optional(text) },
  ok: { id },
  pong: { id },
  publish_answer: { id, sdp },
  missed: { id, messages: listOf(checkDelta) },
  error: { id: optional(id), code: pattern(/^[a-z_]{1,40}$/), sentence: text },
  participant_joined: { seq: whole, ...rosterEntry },
  participant_updated: { seq: whole, ...rosterEntry },
  participant_left: { seq: whole, ...rosterEntry },
  chat_message: chatLine,
  recording_changed: { seq: whole, recording: optional(recording) },
  room_advanced: { seq: whole },
  lobby_changed: { lobby },
  admitted: {},
  subscribe_offer: {
    generation: whole,
    sdp: sized(1, 1_000_000),
    tracks,
  },
  tracks_moved: { tracks },
  active_speaker: { seat: nullable(uuid) },
  room_quality: { seats: listOf(seatQuality) },
  talk_times: { seats: listOf(record({ seat: uuid, talked_s: whole })) },
  layers_wanted: { source, layers: listOf(whole) },
  offer_wanted: {},
  videos_paused: { videos: listOf(record({ seat: uuid, source })) },
  force_mute: { source, by: uuid },
  recording_status: {
    state: oneOf("recording", "stalled", "disk_low", "stopped", "refused"),
    reason: oneOf("", "no_media", "disk", "recording_off", "disk_low", "cannot_record", "relay_away"),
    size_bytes: whole,
    tracks: whole,
  },
  removed: {},
  replaced: {},
  meeting_live: {},
  meeting_ended: {},
  relay_lost: {},
  relay_ready: {},
};

/** @type {Record<string, Record<string, import("./field_kinds.js").Kind>>} */
const FROM_CLIENT = {
  hello: { id, resume_seq: nullable(whole) },
  publish_offer: { id, sdp, sources: mapOf(source, mid, 8) },
  subscribe: { id },
  subscribe_answer: { id, generation: whole, sdp },
  set_view: { id, tiles: listOf(viewTile, 100) },
  set_source: { id, source, enabled: flag },
  send_chat: { id, client_id: uuid, text: sized(1, 4_000) },
  admit: { id, seat: uuid },
  deny: { id, seat: uuid },
  mute: { id, seat: uuid, source },
  remove: { id, seat: uuid },
  end_meeting: { id },
  start_recording: { id },
  stop_recording: { id },
  answer_recording: { id, agrees: flag },
  fetch: { id, after_seq: whole },
  leave: { id },
  ping: { id },
};

export const SERVER_TYPES = Object.freeze(Object.keys(FROM_SERVER));
export const CLIENT_TYPES = Object.freeze(Object.keys(FROM_CLIENT));

/**
 * One message of the server, or a ProtocolError that names the field.
 *
 * @param {string} line
 * @returns {ServerMessage}
 */
export function decode(line) {
  return /** @type {ServerMessage} */ (open(line, FROM_SERVER));
}

/**
 * One message of ours, checked before it leaves.
 *
 * @param {Record<string, unknown> & {type: string}} message  without `v`
 */
export function encode(message) {
  check(message, FROM_CLIENT);
  return JSON.stringify({ v: VERSION, ...message });
}

/**
 * Decode a message of ours; the server does this, here it serves the tests.
 *
 * @param {string} line
 */
export function decodeOwn(line) {
  return open(line, FROM_CLIENT);
}

/**
 * @param {string} line
 * @param {Record<string, Record<string, import("./field_kinds.js").Kind>>} catalogue
 */
function open(line, catalogue) {
  let content;
  try {
    content = JSON.parse(line);
  } catch {
    throw new ProtocolError("bad_text", "not JSON");
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new ProtocolError("bad_text", "not an object");
  }
  const { v, ...message } = content;
  if (v !== VERSION) throw new ProtocolError("bad_message", "v is not a version spoken here");
  check(message, catalogue);
  return message;
}

/**
 * @param {Record<string, unknown>} message
 * @param {Record<string, Record<string, import("./field_kinds.js").Kind>>} catalogue
 */
function check(message, catalogue) {
  const { type, ...fields } = message;
  if (typeof type !== "string" || !Object.hasOwn(catalogue, type)) {
    throw new ProtocolError("bad_message", `type ${JSON.stringify(type)} is not known`);
  }
  const fault = record(catalogue[type])(fields, type);
  if (fault) throw new ProtocolError("bad_message", fault);
}

/** @type {import("./field_kinds.js").Kind} */
function checkDelta(value, path) {
  const { type, ...fields } = /** @type {Record<string, unknown>} */ (value ?? {});
  if (!isDeltaType(type)) return `${path}.type is not known`;
  return record(FROM_SERVER[type])(fields, path);
}
