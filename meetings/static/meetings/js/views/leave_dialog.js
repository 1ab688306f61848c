/**
 * Leaving: at once for guests and from a rehearsal; hosts of a meeting that is live are asked
 * whether it goes on without them.
 */

import { isAllowed } from "../room_state.js";
import { askToConfirm, askWith } from "./dialogs.js";
import { findDialog } from "./dom.js";

/**
 * @param {import("../room_session.js").RoomSession} session
 */
export async function askToLeave(session) {
  if (!isAllowed(session.state, "end") || !session.state.meeting?.is_live) {
    await session.leave();
    return;
  }
  const answer = await askWith(findDialog("leave-dialog"));
  if (answer === "leave") await session.leave();
  if (answer === "end" && (await isSure(session))) await session.endMeeting();
}

/** @param {import("../room_session.js").RoomSession} session */
async function isSure({ state }) {
  const others = state.roster.length - 1;
  if (others <= 0) return true;
  const text = ngettext(
    "%(count)s other person is sent out.",
    "%(count)s other people are sent out.",
    others,
  );
  return askToConfirm({
    title: gettext("End the meeting for everybody?"),
    text: interpolate(text, { count: others }, true),
    yes: gettext("End for everybody"),
  });
}
