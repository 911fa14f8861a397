/** Memberships as this region's registers have them, for routing tables. */
import type { MembershipCopy, RouteSource } from "../core/ports/route-source.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import { readKey } from "../core/register.ts";
import type { RouteMark } from "../core/route-snapshot.ts";
import { auditKey } from "./audit-rows.ts";
import { changesAfter, lastChange } from "./changes.ts";
import { channelsOf } from "./read/channel-list.ts";
import { isMemberOf } from "./read/member-view.ts";
import { justAfter } from "./read/pages.ts";

/** Changes that are read again rather than all memberships: each costs about as much as twenty of those. */
const WORTH_IT = 20_000;
const PAGE = 1_000;

/** `committed`: what a crash does not take back. Numbers of changes that are not committed may be given again. */
export function openRouteSource(tables: TableReader, committed: TableReader, copy?: MembershipCopy): RouteSource {
  const markAt = (change: number): RouteMark => {
    const { kind, position, atMs } = committed.get("audit", auditKey(change)) ?? {};
    return { change, is: change === 0 ? "" : `${String(kind)} ${String(position)} ${String(atMs)}` };
  };
  const reaches = (mark: RouteMark): boolean => {
    const last = lastChange(tables);
    return mark.change <= last && last - mark.change <= WORTH_IT && markAt(mark.change).is === mark.is;
  };
  return {
    copy,
    markOf: markAt,
    reaches,
    memberships: (after, limit) => {
      const range = { from: after === "" ? "" : justAfter(after), to: "\u{7f}", limit };
      const keys = [...tables.range("memberships", range)].map(([key]) => key);
      return {
        items: keys.map((key) => {
          const end = key.indexOf("|");
          return { user: key.slice(0, end), channel: key.slice(end + 1) };
        }),
        next: keys.length < limit ? null : (keys.at(-1) ?? null),
      };
    },
    channelsOf: (user) => [...channelsOf(tables, user)],
    isMember: (user, channel) => isMemberOf(tables, user, channel),
    mark: () => markAt(lastChange(committed)),
    since: (mark) => {
      if (!reaches(mark)) return undefined;
      const last = lastChange(tables);
      const touched = new Map<string, { readonly user: string; readonly channel: string }>();
      for (let after = mark.change; after < last; ) {
        const changes = changesAfter(tables, after, PAGE);
        if (changes === undefined) break;
        for (const key of changes.registers.keys()) {
          const { kind, channel, ids } = readKey(key);
          if (kind === "member") touched.set(key, { user: ids[0] ?? "", channel });
        }
        after = changes.upTo;
      }
      return [...touched.values()];
    },
  };
}
