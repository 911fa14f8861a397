/** Pages of a list that is read in the order of its keys. A page's `next` is the last key it looked at, as text nobody parses. */
import { Refusal } from "../../core/errors.ts";
import type { Page, PageAsk } from "../../core/ports/reader.ts";

const encode = (key: string): string => Buffer.from(key, "utf8").toString("base64url");

/** The key after which the page begins; "" for the first page. */
export function startAfter({ cursor }: PageAsk): string {
  if (cursor === undefined) return "";
  const key = Buffer.from(cursor, "base64url").toString("utf8");
  if (key === "" || encode(key) !== cursor)
    throw new Refusal("invalid", "This cursor is none of this list's.", { hint: "Give `next` of the page before, unchanged." });
  return key;
}

/** The first key that may follow `key`, for keys of plain ASCII. */
export const justAfter = (key: string): string => `${key}\u{1}`;

/** Takes rows until `limit` have something to show. Rows come in the order of their keys and begin after the cursor. */
export function pageOf<T>(rows: Iterable<readonly [key: string, item: T | undefined]>, limit: number): Page<T> {
  const items: T[] = [];
  let last = "";
  for (const [key, item] of rows) {
    if (item === undefined) continue;
    if (items.length === limit) return { items, next: encode(last) };
    items.push(item);
    last = key;
  }
  return { items, next: null };
}
