/** What regions say to each other about who is there (P4, H12). A text that is not as it should be is no news: undefined. */
import { PLAIN_ID } from "../core/ids.ts";
import { type Check, fields, listOf, oneOf, pattern, text, whole } from "./shape.ts";

export type Said = "online" | "away" | "offline";
export interface Change {
  readonly user: string;
  readonly status: Said;
  /** Wall clock of the region that says it. */
  readonly sinceMs: number;
}
/** What changed in one tick. Versions of one boot count these messages, so a hole is seen at once. */
export interface Told {
  readonly boot: string;
  readonly version: number;
  readonly changes: readonly Change[];
}
/** What the asker holds, if anything; or where the next page goes on. */
export interface ListAsk {
  readonly boot: string;
  readonly version: number;
  readonly after: string;
}
/** A page of the list in order of users, or the word that what the asker holds is the newest. */
export interface ListPage {
  readonly boot: string;
  readonly version: number;
  readonly same: boolean;
  readonly users: readonly Change[];
  /** The last user of this page when there are more, else "". */
  readonly next: string;
}

/** About half of what one message may hold, with the longest user ids. */
export const PAGE_USERS = 4_000;
const ID = text(0, 256);
/** The last millisecond of the year 9999: what RFC 3339 can write. */
const TIME = whole(253_402_300_799_999);

const change = fields<Change>({ user: text(1, 256), status: oneOf("online", "away", "offline"), sinceMs: TIME });
const boot = pattern(PLAIN_ID, "boot id");
const told = fields<Told>({ boot, version: whole(), changes: listOf(change, PAGE_USERS) });
const ask = fields<ListAsk>({ boot: text(0, 64), version: whole(), after: ID });
const page = fields<ListPage>({ boot, version: whole(), same: oneOf(true, false), users: listOf(change, PAGE_USERS), next: ID });

function read<T>(check: Check, raw: string): T | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return check(value) === undefined ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
export const readTold = (raw: string): Told | undefined => read(told, raw);
export const readListAsk = (raw: string): ListAsk | undefined => read(ask, raw);
export const readListPage = (raw: string): ListPage | undefined => read(page, raw);
