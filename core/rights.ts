/**
 * Whether an event's author had the right, judged again in every region alike (A4, semantics D6). The event names the membership version its
 * origin judged by (`right`) and what the origin had applied (`after`); both are facts of the event, so the judgement is a function of the set.
 */
import type { Role } from "./event.ts";
import type { Act } from "./permissions.ts";
import { may } from "./permissions.ts";
import { comparePoints, parsePoint } from "./position.ts";
import type { Entry, Register, RegisterKey } from "./register.ts";
import { readKey, registerKey } from "./register.ts";
import { resolve } from "./resolve.ts";
import type { Standing } from "./versions.ts";
import { versionsOf } from "./versions.ts";

export type Lookup = (key: RegisterKey) => Register | undefined;

/** The membership an entry is judged by; undefined where no right is judged. */
export function judgedBy(key: RegisterKey, entry: Entry): RegisterKey | undefined {
  return entry.right === undefined ? undefined : registerKey.member(readKey(key).channel, entry.author);
}

/** pending: the right, or for a plain author's change the birth, is not here. void: no right. Never waits: pending entries are kept and judged again. */
export function standing(
  entry: Entry,
  register: { readonly key: RegisterKey; readonly entries: readonly Entry[] },
  lookup: Lookup,
  depth = 0,
): Standing {
  const memberKey = judgedBy(register.key, entry);
  if (memberKey === undefined) return "ok";
  const membership = memberKey === register.key ? register : lookup(memberKey);
  const right = membership?.entries.find(({ stamp }) => stamp === entry.right);
  // The chain of rights ends at a creation; an honest one is short, a forged one ends here.
  if (membership === undefined || right === undefined || depth > DEEPEST) return "pending";
  const judged = (other: Entry): Standing => (other === entry ? "void" : standing(other, membership, lookup, depth + 1));
  if (judged(right) === "pending") return "pending";
  if (!knew(entry, right)) return "void";
  const known = membership.entries.filter((other) => knew(entry, other));
  if (!isWinner(memberKey, known, right, judged)) return "void";
  return enough(entry, register, right.value as Role | null);
}
const DEEPEST = 64;

/** Whether the origin had applied `other` when it accepted `entry`: covered by `after`, or earlier in the same log message by the same command. */
export function knew(entry: Entry, other: Entry): boolean {
  const { position: at } = other;
  const text = entry.after[at.origin];
  const point = text === undefined ? undefined : parsePoint(text);
  if (point !== undefined && comparePoints(point, at) >= 0) return true;
  const own = entry.position;
  return (
    own.origin === at.origin &&
    own.epoch === at.epoch &&
    own.sequence === at.sequence &&
    at.place < own.place &&
    entry.command === other.command
  );
}

function isWinner(key: RegisterKey, known: readonly Entry[], right: Entry, judged: (entry: Entry) => Standing): boolean {
  if (known.length === 1) return judged(right) === "ok";
  const { winner } = resolve({ key, entries: known, seen: [] }, { isDistrusted: () => false, standing: judged });
  return versionsOf(known, judged).versionOf.get(right.stamp)?.stamp === winner && winner !== null;
}

/** Whether the role gives enough for what the entry does to its register. */
function enough(entry: Entry, register: { readonly key: RegisterKey; readonly entries: readonly Entry[] }, role: Role | null): Standing {
  const { kind, ids } = readKey(register.key);
  const ok = (act: Act): Standing => (may(role, act) ? "ok" : "void");
  switch (kind) {
    case "body":
      return entry.kind === "sent" ? ok("send") : bodyChange(entry, register.entries, role);
    case "reaction":
      return ok("react");
    case "read":
      return ok("read");
    case "member":
      return memberChange(entry, register.entries, ids[0] ?? "", role);
    default:
      return ok("change-channel");
  }
}

function bodyChange(entry: Entry, entries: readonly Entry[], role: Role | null): Standing {
  if (may(role, entry.kind === "deleted" ? "delete-any" : "edit-any")) return "ok";
  const births = entries.filter(({ kind }) => kind === "sent");
  const own =
    births.some(({ author }) => author === entry.author) ||
    entries.some(({ stamp, author }) => stamp === entry.of && author === entry.author);
  if (own) return may(role, entry.kind === "deleted" ? "delete-own" : "edit-own") ? "ok" : "void";
  return births.length === 0 ? "pending" : "void";
}

function memberChange(entry: Entry, entries: readonly Entry[], user: string, role: Role | null): Standing {
  if (entry.value === null && entry.author === user) return may(role, "leave") ? "ok" : "void";
  const privileged = entries.some(({ stamp, value }) => entry.replaces.includes(stamp) && (value === "owner" || value === "moderator"));
  if (privileged || (entry.value !== null && entry.value !== "member"))
    return may(role, entry.value === null ? "remove-privileged" : "set-role") ? "ok" : "void";
  return may(role, entry.value === null ? "remove-member" : "set-member") ? "ok" : "void";
}
