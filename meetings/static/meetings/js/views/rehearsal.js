/** One line above the stage until the meeting is live: what happens now does not count. */

import { part } from "./dom.js";
import { showMoment } from "./people_words.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireRehearsal(root, session) {
  const line = part(root, "rehearsal");
  const text = part(root, "rehearsal-text");
  session.store.subscribe([(state) => state.meeting, (state) => state.me], ({ meeting, me }) => {
    line.hidden = !meeting || meeting.is_live;
    if (!meeting || meeting.is_live) return;
    const isHost = me?.role === "host" || me?.role === "co_host";
    const moment = { time: showMoment(new Date(meeting.opens_at), new Date()) };
    text.textContent = isHost
      ? interpolate(gettext("Rehearsal: guests wait outside, and attendance does not count yet. The meeting goes live by itself when the room opens: %(time)s."), moment, true)
      : gettext("The meeting begins when a host is here.");
  });
}
