/**
 * The room as plain data, and how each message changes it. Every function here takes a state and
 * returns a state; none of them touches anything else.
 *
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./protocol.js").RosterEntry} RosterEntry
 * @typedef {import("./protocol.js").ChatLine} ChatLine
 * @typedef {import("./protocol.js").Permission} Permission
 * @typedef {import("./protocol.js").Source} Source
 *
 * @typedef {"prejoin" | "connecting" | "lobby" | "room" | "ended"} Phase
 * @typedef {"chat" | "people" | "agenda"} Panel
 * @typedef {{clientId: string, text: string, hasFailed: boolean}} PendingLine
 * @typedef {0 | 1 | 2 | 3} Quality  lost, poor, fair, good
 *
 * @typedef {object} RoomState
 * @property {Phase} phase
 * @property {import("./signalling.js").Ending | null} ending
 * @property {import("./signalling.js").SignallingState} socket
 * @property {import("./peer.js").PeerState} peer
 * @property {"ready" | "lost"} relay
 * @property {boolean} isLineSilent  nothing arrives, though the browser does not say so yet
 * @property {number | null} lobbyPosition
 * @property {string | null} opensAt  while we wait because the room is not open yet
 * @property {import("./protocol.js").Meeting | null} meeting
 * @property {import("./protocol.js").Me | null} me
 * @property {RosterEntry[]} roster
 * @property {import("./protocol.js").LobbyEntry[]} lobby
 * @property {ChatLine[]} chat
 * @property {PendingLine[]} pendingChat
 * @property {number} unreadCount
 * @property {RTCIceServer[]} iceServers
 * @property {import("./protocol.js").RecordingCard | null} recording
 * @property {import("./protocol.js").RecordingStatus | null} recordingStatus  for those who may record
 * @property {import("./peer.js").RemoteTrack[]} tracks
 * @property {ReadonlySet<string>} paused  keys of tiles that our network has no room for
 * @property {string | null} activeSpeaker
 * @property {ReadonlySet<string>} speaking  seats that are heard right now
 * @property {Readonly<Record<string, Quality>>} quality  by seat
 * @property {Readonly<Record<string, import("./protocol.js").SeatQuality>>} connections  by seat,
 *   as the relay measures them; empty for everybody but hosts
 * @property {Readonly<Record<string, number>>} talk  seconds by seat; empty for everybody but hosts
 * @property {Panel | null} panel
 * @property {string | null} pinned  key of a tile
 * @property {import("./local_media.js").LocalMediaState} media
 */

const CHAT_KEPT = 500;

/**
 * @param {import("./local_media.js").LocalMediaState} media
 * @returns {RoomState}
 */
export function createRoomState(media) {
  return {
    phase: "prejoin",
    ending: null,
    socket: { phase: "idle", attempt: 0, ending: null },
    peer: { publish: "idle", subscribe: "idle" },
    relay: "ready",
    isLineSilent: false,
    lobbyPosition: null,
    opensAt: null,
    meeting: null,
    me: null,
    roster: [],
    lobby: [],
    chat: [],
    pendingChat: [],
    unreadCount: 0,
    iceServers: [],
    recording: null,
    recordingStatus: null,
    tracks: [],
    paused: new Set(),
    activeSpeaker: null,
    speaking: new Set(),
    quality: {},
    connections: {},
    talk: {},
    panel: null,
    pinned: null,
    media,
  };
}

/**
 * @param {RoomState} state
 * @param {ServerMessage} message
 * @returns {RoomState}
 */
export function applyMessage(state, message) {
  switch (message.type) {
    case "snapshot":
      return applySnapshot(state, message);
    case "waiting":
      return {
        ...state,
        phase: "lobby",
        lobbyPosition: message.position ?? null,
        opensAt: message.opens_at ?? null,
      };
    case "participant_joined":
    case "participant_updated":
      return { ...state, roster: putEntry(state.roster, message) };
    case "participant_left":
      return dropSeat(state, message.seat);
    case "chat_message":
      return addChatLine(state, message);
    case "meeting_live":
      return { ...state, meeting: state.meeting && { ...state.meeting, is_live: true } };
    case "recording_changed":
      return { ...state, recording: message.recording ?? null, recordingStatus: null };
    case "recording_status":
      return { ...state, recordingStatus: message };
    case "lobby_changed":
      return { ...state, lobby: message.lobby };
    case "active_speaker":
      return { ...state, activeSpeaker: message.seat };
    case "room_quality":
      return { ...state, connections: Object.fromEntries(message.seats.map((known) => [known.seat, known])) };
    case "talk_times":
      return { ...state, talk: Object.fromEntries(message.seats.map(({ seat, talked_s }) => [seat, talked_s])) };
    case "videos_paused":
      return { ...state, paused: new Set(message.videos.map(({ seat, source }) => `${seat}/${source}`)) };
    case "relay_lost":
      return {
        ...state,
        relay: "lost",
        tracks: [],
        paused: new Set(),
        activeSpeaker: null,
        speaking: new Set(),
        connections: {},
        recordingStatus: keepRefusal(state.recordingStatus),
      };
    case "relay_ready":
      return { ...state, relay: "ready" };
    default:
      return state;
  }
}

/**
 * The socket tells how it stands; an ending closes the room.
 *
 * @param {RoomState} state
 * @param {import("./signalling.js").SignallingState} socket
 * @returns {RoomState}
 */
export function applySocket(state, socket) {
  if (socket.phase === "ended") return { ...state, socket, phase: "ended", ending: socket.ending };
  if (state.phase === "ended") return { ...state, socket, phase: "connecting", ending: null };
  return { ...state, socket };
}

/**
 * @param {RoomState} state
 * @param {Panel | null} panel
 * @returns {RoomState}
 */
export function showPanel(state, panel) {
  return { ...state, panel, unreadCount: panel === "chat" ? 0 : state.unreadCount };
}

/**
 * A line of our own that the server has not confirmed yet; sent again under the same id.
 *
 * @param {RoomState} state
 * @param {PendingLine} line
 * @returns {RoomState}
 */
export function putPendingLine(state, line) {
  const others = state.pendingChat.filter(({ clientId }) => clientId !== line.clientId);
  const isKnown = state.chat.some((known) => isOwnLine(state, known) && known.client_id === line.clientId);
  return { ...state, pendingChat: isKnown ? others : [...others, line] };
}

/**
 * @param {RoomState} state
 * @param {string} clientId
 * @returns {RoomState}
 */
export function dropPendingLine(state, clientId) {
  return { ...state, pendingChat: state.pendingChat.filter((line) => line.clientId !== clientId) };
}

/**
 * What we said to being recorded, once the server has it.
 *
 * @param {RoomState} state
 * @param {boolean} agrees
 * @returns {RoomState}
 */
export function noteRecordingAnswer(state, agrees) {
  return { ...state, me: state.me && { ...state.me, agrees_to_recording: agrees } };
}

/**
 * @param {Pick<RoomState, "me">} state
 * @param {Permission} permission
 */
export function isAllowed({ me }, permission) {
  return me?.permissions.includes(permission) ?? false;
}

/**
 * Who learns how well the others are connected; everybody else is sent no figures.
 *
 * @param {RoomState["me"]} me
 */
export function canSeeFigures(me) {
  return me?.role === "host" || me?.role === "co_host";
}

/**
 * @param {Pick<RoomState, "roster">} state
 * @param {string | null} seat
 */
export function findEntry({ roster }, seat) {
  return roster.find((entry) => entry.seat === seat) ?? null;
}

/**
 * @param {RoomState} state
 * @param {import("./protocol.js").Snapshot} snapshot
 * @returns {RoomState}
 */
function applySnapshot(state, snapshot) {
  const confirmed = new Set(
    snapshot.chat.filter(({ seat }) => seat === snapshot.me.seat).map((line) => line.client_id),
  );
  return {
    ...state,
    phase: "room",
    ending: null,
    lobbyPosition: null,
    meeting: snapshot.meeting,
    me: snapshot.me,
    roster: snapshot.roster,
    lobby: snapshot.lobby,
    chat: mergeChat(state.chat, snapshot.chat),
    pendingChat: state.pendingChat.filter(({ clientId }) => !confirmed.has(clientId)),
    unreadCount: countUnread(state, snapshot),
    iceServers: snapshot.ice_servers,
    relay: snapshot.relay,
    recording: snapshot.recording ?? null,
    recordingStatus: snapshot.recording ? state.recordingStatus : null,
  };
}

/**
 * A snapshot brings the newest lines; the older ones that we have already stay.
 *
 * @param {ChatLine[]} known
 * @param {ChatLine[]} newest
 */
function mergeChat(known, newest) {
  const first = newest[0]?.seq ?? Infinity;
  return [...known.filter(({ seq }) => seq < first), ...newest].slice(-CHAT_KEPT);
}

/**
 * Lines that came while we were away are new to us; the history at the first entry is not.
 *
 * @param {RoomState} state
 * @param {import("./protocol.js").Snapshot} snapshot
 */
function countUnread(state, snapshot) {
  if (!state.me || state.panel === "chat") return 0;
  const lastSeen = state.chat.at(-1)?.seq ?? 0;
  const missed = snapshot.chat.filter(({ seq, seat }) => seq > lastSeen && seat !== snapshot.me.seat);
  return state.unreadCount + missed.length;
}

/**
 * @param {RosterEntry[]} roster
 * @param {RosterEntry} message
 */
function putEntry(roster, { seat, display_name, role, sources, is_connected }) {
  const entry = { seat, display_name, role, sources, is_connected };
  const isKnown = roster.some((known) => known.seat === seat);
  return isKnown ? roster.map((known) => (known.seat === seat ? entry : known)) : [...roster, entry];
}

/**
 * How much was written goes out of date without the media server. Why it does not record stays: that is
 * told once.
 *
 * @param {RoomState["recordingStatus"]} status
 */
function keepRefusal(status) {
  return status?.state === "refused" ? status : null;
}

/**
 * @param {RoomState} state
 * @param {string} seat
 * @returns {RoomState}
 */
function dropSeat(state, seat) {
  return {
    ...state,
    roster: state.roster.filter((entry) => entry.seat !== seat),
    tracks: state.tracks.filter((track) => track.seat !== seat),
    activeSpeaker: state.activeSpeaker === seat ? null : state.activeSpeaker,
    pinned: state.pinned?.startsWith(`${seat}/`) ? null : state.pinned,
  };
}

/**
 * @param {RoomState} state
 * @param {import("./protocol.js").ChatMessage} message
 * @returns {RoomState}
 */
function addChatLine(state, { seq, seat, display_name, text, sent_at, client_id }) {
  if (state.chat.some((line) => line.seq === seq)) return state;
  const line = { seq, seat, display_name, text, sent_at, client_id };
  const isOwn = isOwnLine(state, line);
  return {
    ...(isOwn ? dropPendingLine(state, client_id) : state),
    chat: [...state.chat, line].slice(-CHAT_KEPT),
    unreadCount: isOwn || state.panel === "chat" ? state.unreadCount : state.unreadCount + 1,
  };
}

/**
 * @param {Pick<RoomState, "me">} state
 * @param {ChatLine} line
 */
function isOwnLine({ me }, line) {
  return line.seat === me?.seat;
}
