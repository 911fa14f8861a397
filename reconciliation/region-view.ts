/** What commands decide against: this region's newest state (H4). */
import type { View } from "../core/commands/decision.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { Vector } from "../core/position.ts";
import type { ConflictRecord, Register } from "../core/register.ts";
import { membersOf } from "./read/member-view.ts";
import { reactionsOf } from "./read/reactions.ts";
import { webhooksIn } from "./read/webhook-view.ts";

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
    reactions: (channel, message) => reactionsOf(tables, channel, message),
    members: (channel) => membersOf(tables, channel),
    webhooks: (channel) => webhooksIn(tables, channel),
    applied,
  };
}
