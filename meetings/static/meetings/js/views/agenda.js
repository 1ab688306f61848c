/** The agenda with its times, counted from the planned start. */

import { part, reconcile, stamp } from "./dom.js";
import { showTime } from "./people_words.js";

/**
 * @param {HTMLElement} root
 * @param {import("../room_session.js").RoomSession} session
 */
export function wireAgenda(root, session) {
  session.store.subscribe([(state) => state.meeting], ({ meeting }) => {
    const items = meeting ? listItems(meeting) : [];
    part(root, "agenda-empty").hidden = items.length > 0;
    reconcile(part(root, "agenda-items"), items, {
      key: (item) => item.key,
      create: () => stamp("agenda-item-stamp"),
      update: (element, item) => {
        part(element, "time").textContent = showTime(item.startsAt);
        part(element, "title").textContent = item.title;
        part(element, "detail").textContent = item.detail;
      },
    });
  });
}

/** @param {import("../protocol.js").Meeting} meeting */
function listItems({ agenda, starts_at }) {
  let start = Date.parse(starts_at);
  return [...agenda]
    .sort((a, b) => a.position - b.position)
    .map(({ position, title, duration_min, speaker }) => {
      const startsAt = new Date(start).toISOString();
      start += duration_min * 60_000;
      const length = interpolate(
        ngettext("%(count)s minute", "%(count)s minutes", duration_min),
        { count: duration_min },
        true,
      );
      const detail = speaker ? `${length} · ${speaker}` : length;
      return { key: `${position}/${title}`, startsAt, title, detail };
    });
}
