/** The reactions a message shows: emojis and users in the order of their keys, so equal states are equal bytes in every region (S5). */
import type { TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { emojiOf, readKey } from "../../core/register.ts";

export type Reactions = { readonly [emoji: string]: readonly string[] };

export function reactionsOf(tables: TableReader, channel: string, message: string): Reactions {
  const users = new Map<string, string[]>();
  for (const [key, { resolution }] of tables.range("registers", keysUnder(`${channel}|reaction|${message}|`))) {
    if (resolution.value !== true) continue;
    const [, hex = "", user = ""] = readKey(key).ids;
    const emoji = emojiOf(hex);
    const some = users.get(emoji);
    if (some === undefined) users.set(emoji, [user]);
    else some.push(user);
  }
  return Object.fromEntries(users);
}
