/** The chat: lines in order, our own at once, links that are safe to follow. */

import { splitLinks } from "../links.js";
import { isAllowed } from "../room_state.js";
import { part, reconcile, stamp } from "./dom.js";
import { showName, showTime } from "./people_words.js";

const SAME_BREATH_MS = 3 * 60_000;

/**
 * @typedef {object} Line  as drawn: stored or still on its way
 * @property {string} key
 * @property {string} seat
 * @property {string} name
 * @property {string} text
 * @property {string | null} sentAt
 * @property {boolean} isOwn
 * @property {string | null} failedId  client id of a line that could not be sent
 */

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireChat(root, session) {
  const lines = part(root, "chat-lines");
  const newer = part(root, "chat-newer");
  wireForm(root, session);
  newer.addEventListener("click", () => scrollDown(lines));
  lines.addEventListener("scroll", () => {
    if (isAtEnd(lines)) newer.hidden = true;
  });

  session.store.subscribe(
    [(state) => state.chat, (state) => state.pendingChat, (state) => state.me],
    (state) => {
      const drawn = listLines(state);
      const wasAtEnd = isAtEnd(lines);
      const isGrowing = drawn.length > lines.childElementCount;
      part(root, "chat-empty").hidden = drawn.length > 0;
      lines.hidden = drawn.length === 0;
      reconcile(lines, drawn, {
        key: (line) => line.key,
        create: (line) => createLine(line, session),
        update: drawLine,
      });
      if (wasAtEnd || drawn.at(-1)?.isOwn) scrollDown(lines);
      else if (isGrowing) newer.hidden = false;
    },
  );
  session.store.subscribe([(state) => state.panel], ({ panel }) => {
    if (panel === "chat") scrollDown(lines);
  });
  session.store.subscribe([(state) => state.me], (state) => {
    part(root, "chat-form").hidden = !isAllowed(state, "chat");
  });
}

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
function wireForm(root, session) {
  const form = part(root, "chat-form", HTMLFormElement);
  const field = part(root, "chat-text", HTMLTextAreaElement);
  field.addEventListener("input", () => grow(field));
  field.addEventListener("keydown", (event) => {
    // An Enter that ends a composition (Chinese, Japanese, ...) belongs to the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    grow(field);
    void session.sendChat(text);
  });
}

/** @param {HTMLTextAreaElement} field */
function grow(field) {
  field.style.setProperty("--lines-height", "auto");
  field.style.setProperty("--lines-height", `${field.scrollHeight}px`);
}

/**
 * @param {import("../room_state.js").RoomState} state
 * @returns {Line[]}
 */
function listLines({ chat, pendingChat, me }) {
  const stored = chat.map((line) => ({
    key: `${line.seat}/${line.client_id}`,
    seat: line.seat,
    name: showName(line),
    text: line.text,
    sentAt: line.sent_at,
    isOwn: line.seat === me?.seat,
    failedId: null,
  }));
  const pending = pendingChat.map(({ clientId, text, hasFailed }) => ({
    key: `${me?.seat}/${clientId}`,
    seat: me?.seat ?? "",
    name: me ? showName(me) : "",
    text,
    sentAt: null,
    isOwn: true,
    failedId: hasFailed ? clientId : null,
  }));
  return [...stored, ...pending];
}

/**
 * @param {Line} line
 * @param {import("../room_session.js").RoomSession} session
 */
function createLine(line, session) {
  const element = stamp("chat-line-stamp");
  element.classList.toggle("chat-line-own", line.isOwn);
  part(element, "name").textContent = line.isOwn ? gettext("You") : line.name;
  fillText(part(element, "text"), line.text);
  part(element, "again").addEventListener("click", () => {
    if (element.dataset.failedId) void session.resendChat(element.dataset.failedId);
  });
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {Line} line
 * @param {Line | undefined} previous
 */
function drawLine(element, line, previous) {
  const time = part(element, "time", HTMLTimeElement);
  time.textContent = line.sentAt ? showTime(line.sentAt) : gettext("sending …");
  if (line.sentAt) time.dateTime = line.sentAt;
  element.classList.toggle("chat-line-pending", line.sentAt === null);
  element.classList.toggle("chat-line-follows", goesOn(previous, line));
  element.dataset.failedId = line.failedId ?? "";
  part(element, "failed").hidden = !line.failedId;
  if (line.failedId) time.textContent = "";
}

/**
 * @param {Line | undefined} previous
 * @param {Line} line
 */
function goesOn(previous, line) {
  if (!previous || previous.seat !== line.seat) return false;
  if (!previous.sentAt || !line.sentAt) return true;
  return Date.parse(line.sentAt) - Date.parse(previous.sentAt) < SAME_BREATH_MS;
}

/**
 * @param {HTMLElement} paragraph
 * @param {string} text
 */
function fillText(paragraph, text) {
  for (const { text: piece, href } of splitLinks(text)) {
    if (!href) {
      paragraph.append(piece);
      continue;
    }
    const link = document.createElement("a");
    link.href = href;
    link.textContent = piece;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    paragraph.append(link);
  }
}

/** @param {HTMLElement} lines */
function isAtEnd(lines) {
  return lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
}

/** @param {HTMLElement} lines */
function scrollDown(lines) {
  lines.scrollTop = lines.scrollHeight;
}
