/** The conflict log for auditors, members, and those who lost. */
import type { Actor } from "../../core/command.ts";
import type { Conflict } from "../../core/objects.ts";
import type { Reader } from "../../core/ports/reader.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { EVERYWHERE, readKey } from "../../core/register.ts";
import { auditedChannel, isAuditor, unknownConflict, viewerOf } from "./access.ts";
import { channelsOf } from "./channel-list.ts";
import type { FoundConflict } from "./conflict-list.ts";
import { authorsOf, conflictRows, conflictTest, findConflict } from "./conflict-list.ts";
import { conflictView } from "./conflict-view.ts";
import { isMemberOf } from "./member-view.ts";
import { justAfter, pageOf, startAfter } from "./pages.ts";
import type { ReaderParts } from "./reader-parts.ts";
import type { Viewer } from "./seeing.ts";
import { ANYBODY } from "./seeing.ts";
import { shownNames } from "./shown-names.ts";
import { conflictsTouched } from "./touched.ts";

export function conflictReader(parts: ReaderParts): Pick<Reader, "conflicts" | "conflict" | "lostBy" | "conflictsTouched"> {
  const { tables, isDistrusted } = parts;
  const names = shownNames(tables);
  const find = (id: string): FoundConflict | undefined => findConflict(tables, id);
  const view = ({ register, record }: FoundConflict, viewer: Viewer): Conflict =>
    conflictView(register, record, names, { viewer, isDistrusted });
  const seenBy = (user: string, { register, record }: FoundConflict): boolean => {
    const { channel } = readKey(register.key);
    return channel === EVERYWHERE ? authorsOf(register, record).has(user) : isMemberOf(tables, user, channel);
  };
  const channelsFor = (actor: Actor, channels: readonly string[] | undefined): Iterable<string> | "all" => {
    if (channels !== undefined) return new Set(channels.map((channel) => auditedChannel(tables, actor, channel)));
    return isAuditor(actor) ? "all" : channelsOf(tables, actor.user);
  };
  return {
    conflicts: (actor, { channels, ...filter }, page) => {
      const test = conflictTest(filter);
      const viewer = viewerOf(actor);
      function* rows(): Generator<readonly [string, Conflict | undefined]> {
        for (const [key, id] of conflictRows(tables, channelsFor(actor, channels), startAfter(page))) {
          const found = findConflict(tables, id, test.ofKey);
          yield [key, found !== undefined && test.of(found) ? view(found, viewer) : undefined];
        }
      }
      return pageOf(rows(), page.limit);
    },
    conflict: (actor, id) => {
      const found = find(id);
      if (found === undefined || !(isAuditor(actor) || seenBy(actor.user, found))) throw unknownConflict(id);
      return view(found, viewerOf(actor));
    },
    lostBy: (user, page) => {
      const viewer = { user, auditor: false };
      const { from, to } = keysUnder(`${user}|`);
      const after = startAfter(page);
      function* rows(): Generator<readonly [string, Conflict | undefined]> {
        for (const [key] of tables.range("losers", { from: after === "" ? from : justAfter(after), to })) {
          const found = find(key.slice(user.length + 1));
          yield [key, found !== undefined && seenBy(user, found) ? view(found, viewer) : undefined];
        }
      }
      return pageOf(rows(), page.limit);
    },
    conflictsTouched: (events) => conflictsTouched(tables, events).map((found) => view(found, ANYBODY)),
  };
}
