/** A conflict as people see it: one record per group of versions of one register that did not all know each other (D2). */
import type { Conflict } from "../../core/objects.ts";
import type { ConflictRecord, Register, RegisterKey } from "../../core/register.ts";
import { EVERYWHERE, readKey } from "../../core/register.ts";
import { bodyValue } from "./body-value.ts";
import { conflictOfHeads } from "./message-view.ts";
import type { Seeing } from "./seeing.ts";
import type { ShownNames } from "./shown-names.ts";
import { versionsView } from "./version-view.ts";

export function conflictView(register: Register, record: ConflictRecord, names: ShownNames, seeing: Seeing): Conflict {
  const alias = readKey(register.key).kind === "alias";
  const versions = versionsView(register, seeing, record.versions).map((version) =>
    alias && typeof version.value === "string" ? { ...version, value: names.channel(version.value) } : version,
  );
  return {
    id: record.id,
    register: shownRegister(register.key, names),
    rule: record.rule,
    reason: record.reason,
    versions,
    winner: record.winner,
    losers: record.losers,
    ...mergedText(register, record),
    state: record.state,
    ...(record.restoredBy === undefined ? {} : { restoredBy: record.restoredBy }),
  };
}

/** Nobody's version says it, so readers that follow events are told it here. */
function mergedText(register: Register, { id, rule }: ConflictRecord): { readonly text?: string } {
  const { value, heads } = register.resolution;
  const { body } = bodyValue(value);
  return rule === "merge" && body !== null && heads.length > 1 && conflictOfHeads(register)?.id === id ? { text: body } : {};
}

/** Kinds of registers whose names are not the contract's. */
const SHOWN_KINDS: Readonly<Record<string, string>> = {
  body: "message.body",
  name: "channel.name",
  topic: "channel.topic",
  policy: "channel.policy",
  deletes: "channel.deletes",
};
/** A kind of register as the contract names it. */
export const shownKind = (kind: string): string => SHOWN_KINDS[kind] ?? kind;

/** A register as the contract names it. Aliases and profiles belong to no channel and stand under "@". */
export function shownRegister(key: RegisterKey, names: ShownNames): Conflict["register"] {
  const { channel, kind, ids } = readKey(key);
  const of = channel === EVERYWHERE ? EVERYWHERE : names.channel(channel);
  const [first = "", second = ""] = ids;
  switch (kind) {
    case "body":
      return { kind: shownKind(kind), channel: of, message: names.message(channel, first) };
    case "name":
    case "topic":
    case "policy":
    case "deletes":
      return { kind: shownKind(kind), channel: of, field: kind };
    case "webhook":
      return { kind, channel: of, field: names.webhook(channel, first) };
    case "profile":
      return { kind, channel: of, field: second };
    default:
      return { kind, channel: of, field: first };
  }
}
