/**
 * Messages from the history store, completed by what it has not had for long: read your writes (H4), whatever the store's lag. Where the store is out
 * of reach, too far behind, or slow to answer, the embedded store answers as it does alone.
 */
import type { Identity } from "../../core/ids.ts";
import { identityIn, shownId } from "../../core/ids.ts";
import type { Message } from "../../core/objects.ts";
import type { HistoryStore, StoredMessage } from "../../core/ports/history-store.ts";
import { placeOf } from "../../core/ports/history-store.ts";
import type { MessageHistory, MessagePage, MessagesAsk } from "../../core/ports/message-history.ts";
import { embeddedHistory } from "../../core/ports/message-history.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { registerKey } from "../../core/register.ts";
import { UNRESOLVED } from "../../core/resolve.ts";
import type { Stamp } from "../../core/stamp.ts";
import { stampIso, stampRegion } from "../../core/stamp.ts";
import { messageWrite } from "../history-sink.ts";
import type { RecentChanges } from "../recent-changes.ts";
import { auditedChannel, unknownMessage, viewerOf } from "./access.ts";
import type { Bounds } from "./history.ts";
import { boundsOf, LOOKED_AT } from "./history.ts";
import type { Kept, PageCache } from "./page-cache.ts";
import { pageOf, startAfter } from "./pages.ts";
import { versionsView } from "./version-view.ts";

export interface StoredHistoryParts {
  readonly store: HistoryStore;
  readonly reader: Reader;
  readonly tables: TableReader;
  readonly recent: RecentChanges;
  readonly isDistrusted: (stamp: Stamp) => boolean;
  /** The store has had every change up to this one for some time; undefined while it is not to be asked. */
  readonly settled: () => number | undefined;
  /** This life of the embedded store, whose numbers `settled` gives. */
  readonly series: string;
  /** Pages read before, where they may be used. */
  readonly cache: () => PageCache | undefined;
  /** Who answered: the store, its pages kept here, or the embedded store; and a store that failed to. */
  readonly answered: (by: "store" | "cache" | "embedded") => void;
  readonly failed: (why: unknown) => void;
}

/** Rows read at once while looking for those of a thread. */
const THREAD_ROWS = 200;

export function storedHistory(parts: StoredHistoryParts): MessageHistory {
  const { store, reader, tables, isDistrusted } = parts;
  const embedded = embeddedHistory(reader);

  /** What `ask` brings, or undefined when the embedded store is to answer. */
  async function fromStore<T>(ask: (settled: number) => Promise<T | undefined>): Promise<T | undefined> {
    const settled = parts.settled();
    if (settled === undefined) return undefined;
    return ask(settled).catch((why: unknown) => {
      parts.failed(why);
      return undefined;
    });
  }

  return {
    async messages(actor, channel, ask) {
      const identity = reader.memberChannel(actor, channel);
      const bounds = boundsOf(tables, identity, ask);
      const kept = await fromStore((settled) => rowsFor(parts, identity, bounds, ask, settled));
      // What came in meanwhile counts, a removal too (C11): from here on nothing waits.
      reader.memberChannel(actor, channel);
      const changed = kept === undefined ? undefined : parts.recent.changedIn(identity, kept.since);
      if (kept === undefined || changed === undefined) {
        parts.answered("embedded");
        return embedded.messages(actor, channel, ask);
      }
      parts.answered(kept.cached ? "cache" : "store");
      const page = completed({ tables, identity, bounds, ask, kept, changed, shownChannel: reader.shownChannel(identity) });
      return { ...page, applied: reader.applied() };
    },

    async versions(actor, channel, message, page) {
      const of = auditedChannel(tables, actor, channel);
      const identity = identityIn("message", message);
      const now = identity === undefined ? undefined : messageWrite(tables, registerKey.body(of, identity), 0);
      if (identity === undefined || now === undefined) throw unknownMessage(message);
      const found = await fromStore(async (settled) => {
        if (parts.recent.changedIn(of, settled)?.has(identity) !== false) return undefined;
        const [entries, stood] = await Promise.all([store.versions(of, identity), store.message(of, placeOf(now))]);
        return stood === undefined || parts.recent.changedIn(of, settled)?.has(identity) !== false ? undefined : { entries, stood };
      });
      auditedChannel(tables, actor, channel);
      if (found === undefined) {
        parts.answered("embedded");
        return embedded.versions(actor, channel, message, page);
      }
      parts.answered("store");
      const { shown, hidden } = found.stood;
      const resolution = { ...UNRESOLVED, winner: shown.version, value: shown.deleted ? null : shown.body, void: hidden };
      const register = { key: registerKey.body(of, identity), entries: found.entries, seen: [], count: 0, sum: "", resolution };
      const after = startAfter(page);
      const versions = versionsView(register, { viewer: viewerOf(actor), isDistrusted }).filter(({ stamp }) => stamp > after);
      return pageOf(
        versions.map((version) => [version.stamp, version] as const),
        page.limit,
      );
    },
  };
}

/** Rows enough for the page, one beyond it included, unless the range ends first. */
async function rowsFor(
  parts: StoredHistoryParts,
  channel: Identity,
  bounds: Bounds,
  ask: MessagesAsk,
  settled: number,
): Promise<Kept | undefined> {
  const changed = parts.recent.changedIn(channel, settled);
  if (changed === undefined) return undefined;
  const cache = parts.cache();
  const name = JSON.stringify([channel, bounds, ask.limit, ask.thread ?? null]);
  const known = await cache?.get(parts.series, name);
  if (known !== undefined && parts.recent.changedIn(channel, known.since) !== undefined) return { ...known, cached: true };
  const rows: StoredMessage[] = [];
  const wanted = ask.thread === undefined ? ask.limit + 1 + Math.min(changed.size, ask.limit) : THREAD_ROWS;
  let before = bounds.before;
  let whole = false;
  for (let matching = 0; matching <= ask.limit && rows.length < LOOKED_AT; ) {
    const page = await parts.store.page(channel, { limit: wanted, before, after: bounds.after });
    rows.push(...page);
    matching += page.filter(({ shown }) => ask.thread === undefined || inThread(shown.thread, ask.thread)).length;
    whole = page.length < wanted;
    const last = page.at(-1);
    if (whole || last === undefined) break;
    before = placeOf(last);
  }
  const kept: Kept = { rows, whole, since: settled, cached: false };
  cache?.set(parts.series, name, kept);
  return kept;
}

interface Completing {
  readonly tables: TableReader;
  readonly identity: Identity;
  readonly shownChannel: string;
  readonly bounds: Bounds;
  readonly ask: MessagesAsk;
  readonly kept: Kept;
  readonly changed: ReadonlySet<string>;
}

/** The store's rows with the changed messages as they stand now instead; then the page, as the embedded store would cut it. */
function completed({ tables, identity, shownChannel, bounds, ask, kept, changed }: Completing): Omit<MessagePage, "applied"> {
  const last = kept.rows.at(-1);
  const lowest = kept.whole || last === undefined ? bounds.after : placeOf(last);
  const fresh = [...changed].flatMap((message) => messageWrite(tables, registerKey.body(identity, message), 0) ?? []);
  const standing = changed.size === 0 ? kept.rows : kept.rows.filter(({ message }) => !changed.has(message));
  const within = fresh.filter((one) => placeOf(one) < bounds.before && placeOf(one) > bounds.after && placeOf(one) >= lowest);
  const merged = within.length === 0 ? standing : [...standing, ...within].sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
  const items: Message[] = [];
  let taken: StoredMessage | undefined;
  for (const [looked, row] of merged.entries()) {
    if (items.length === ask.limit || looked === LOOKED_AT) return { items, next: idAt(taken) };
    taken = row;
    if (ask.thread === undefined || inThread(row.shown.thread, ask.thread)) items.push(viewOf(row, shownChannel));
  }
  return { items, next: kept.whole ? null : idAt(taken ?? last) };
}

const inThread = (thread: string | null, asked: string): boolean =>
  thread !== null && identityIn("message", thread) === identityIn("message", asked);
const idAt = (row: StoredMessage | undefined): string | null => (row === undefined ? null : shownId("message", row.message, row.born));
/** Field by field: spreading costs several times as much. */
function viewOf({ message, born, shown }: StoredMessage, channel: string): Message {
  const { author, body, thread, metadata, editedAt, deleted, version, heads, reactions, conflict } = shown;
  const [id, createdAt, origin] = [shownId("message", message, born), stampIso(born), stampRegion(born)];
  const plain = { id, channel, author, body, thread, createdAt, editedAt, deleted, origin, version, heads, reactions, conflict };
  return metadata === undefined ? plain : { ...plain, metadata };
}
