/** What fan-out and catch-up need: events as clients see them, and what was missed since a cursor (L4, H2). */
import { isGone } from "../../core/commands/message-standing.ts";
import type { Placed } from "../../core/event.ts";
import type { WireEvent } from "../../core/objects.ts";
import type { Reader } from "../../core/ports/reader.ts";
import { registerKey } from "../../core/register.ts";
import { isMemberOf } from "./member-view.ts";
import { gapsOf, missedRows } from "./missed.ts";
import type { ReaderParts } from "./reader-parts.ts";
import { shownNames } from "./shown-names.ts";
import type { WireParts } from "./wire-event.ts";
import { wireEvent } from "./wire-event.ts";

export function catchUpReader({ tables, applied, epochEnd }: ReaderParts): Pick<Reader, "applied" | "missed" | "wire"> {
  const parts: WireParts = {
    names: shownNames(tables),
    isGone: (channel, message) => {
      const register = tables.get("registers", registerKey.body(channel, message));
      return register !== undefined && isGone(register);
    },
  };
  const wire = (placed: Placed): WireEvent => wireEvent(placed, parts);
  return {
    applied,
    wire,
    missed: (user, { channels, own, from, to, limit }) => {
      const visible = [...new Set(channels)].filter((channel) => isMemberOf(tables, user, channel));
      const streams = own ? [...visible, `@${user}`] : visible;
      const { items, cursor, complete } = missedRows(tables, { streams, from, to, limit });
      const gaps = epochEnd === undefined ? [] : gapsOf(visible, from, epochEnd);
      return { items: items.map(wire), cursor, complete, gaps: gaps.map((gap) => ({ ...gap, channel: parts.names.channel(gap.channel) })) };
    },
  };
}
