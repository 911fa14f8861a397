/** A channel as its four registers show it: name, topic, policy, deletes. Undefined while its creation is not here. */
import { bornIn, policies } from "../../core/commands/standing.ts";
import { shownId } from "../../core/ids.ts";
import type { Channel } from "../../core/objects.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { registerKey } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";
import { greaterStamp, stampIso } from "../../core/stamp.ts";

const FIELDS = ["name", "topic", "policy", "deletes"] as const;

export function channelView(tables: TableReader, identity: string): Channel | undefined {
  const registers = FIELDS.map((field) => tables.get("registers", registerKey.field(identity, field)));
  const [name, topic] = registers;
  const born = bornIn(name);
  if (born === undefined) return undefined;
  const version = registers.reduce<Stamp>((greatest, register) => greaterStamp(greatest, register?.resolution.winner ?? born), born);
  const topicValue = topic?.resolution.value;
  return {
    id: shownId("channel", identity, born),
    name: String(name?.resolution.value ?? ""),
    topic: typeof topicValue === "string" ? topicValue : null,
    ...policies({ register: (key) => tables.get("registers", key) }, identity),
    createdAt: stampIso(born),
    version,
  };
}
