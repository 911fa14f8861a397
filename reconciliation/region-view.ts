/** What commands decide against: this region's newest state (H4). */
import type { View } from "../core/commands/decision.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Vector } from "../core/position.ts";
import type { ConflictRecord, Register } from "../core/register.ts";
import { emojiOf, readKey } from "../core/register.ts";

export function regionView(
  tables: TableReader,
  applied: () => Vector,
  recordOf: (register: Register, id: string) => ConflictRecord | undefined,
): View {
  return {
    register: (key) => tables.get("registers", key),
    conflict: (id) => {
      const row = tables.get("conflicts", id);
      const register = row === undefined ? undefined : tables.get("registers", row.key);
      const record = register === undefined ? undefined : recordOf(register, id);
      return register === undefined || record === undefined ? undefined : { register, record };
    },
    reactions: (channel, message) => {
      const shown = new Map<string, string[]>();
      for (const [key, { resolution }] of tables.range("registers", keysUnder(`${channel}|reaction|${message}|`))) {
        if (resolution.value !== true) continue;
        const [, emoji = "", user = ""] = readKey(key).ids;
        const name = emojiOf(emoji);
        shown.set(name, [...(shown.get(name) ?? []), user].sort());
      }
      return Object.fromEntries([...shown].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    applied,
  };
}
