/** C2: no command has two effects: not in a log, not in a register, not in a count. */
import { canonical } from "../../../core/canonical.ts";
import type { Placed } from "../../../core/event.ts";
import { formatPosition } from "../../../core/position.ts";
import { stampRegion } from "../../../core/stamp.ts";
import type { Operation } from "../history.ts";
import type { Act } from "../model/acts.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";
import { ALL, landedLate } from "./end-state.ts";

export function noRepeat(end: EndState): void {
  const { acts, regions } = end;
  onceInALog(end);
  const saidAgain = new Set(end.truth.filter(({ event }) => event.late !== undefined).map(({ event }) => event.stamp));
  const roleless = withoutRole(end.operations);
  for (const [key, some] of acts) {
    const seen = new Map<string, Act>();
    for (const act of some) {
      const { author, command, value } = act;
      const name = `${author}\n${command}`;
      const before = seen.get(name);
      const [said, says] = [canonical(before?.value ?? null), canonical(value)];
      // Two regions may know two roles to keep: two versions (D5), of which the record tells.
      const lawful = before !== undefined && roleless.has(name) && stampRegion(before.stamp) !== stampRegion(act.stamp);
      if (before !== undefined && said !== says && !lawful)
        throw new Violation("C2", `${command} of ${author} wrote two things into ${key}: ${said} and ${says}`);
      seen.set(name, act);
    }
  }
  for (const { region, store, registers } of regions) {
    for (const { key, entries, seen, count } of registers.values()) {
      const events = new Set([...entries.map(({ stamp }) => stamp), ...seen.map(({ stamp }) => stamp)]);
      if (events.size !== entries.length + seen.length || count !== entries.length)
        throw new Violation("C2", `${region} counts ${count} events in ${key} and holds ${entries.length + seen.length} of ${events.size}`);
    }
    const facts = [...store.range("audit", ALL)].map(([, fact]) => fact);
    audited(region, facts, saidAgain);
  }
}

/** Commands that make somebody a member without a word of a role: whoever has one keeps it. */
const withoutRole = (operations: readonly Operation[]): ReadonlySet<string> =>
  new Set(
    operations.flatMap(({ user, command }) =>
      command.kind === "member.set" && command.role === undefined ? [`${user}\n${command.id}`] : [],
    ),
  );

/**
 * The same command is accepted once in a region; two regions that could not hear each other may both have accepted it (twins). So may two lives of
 * one region: a message that was on its way when the process was killed may land after the next life has read the log, and a repeat is its twin.
 */
function onceInALog(end: EndState): void {
  /** Whoever has lost the end of their log does not know what stood there; what peers had kept of it comes back as a twin (L3). */
  const saidAgain = new Set(end.truth.filter(({ event }) => event.late !== undefined).map(nameOf));
  const placed = new Map<string, Placed>();
  for (const one of end.truth) {
    const { event, position } = one;
    const at = formatPosition(position);
    const same = placed.get(event.stamp);
    // What peers had kept of an ended epoch is said again in the present one (L3).
    if (same !== undefined && event.late === undefined)
      throw new Violation("C2", `${event.stamp} stands at ${formatPosition(same.position)} and at ${at}`);
    placed.set(event.stamp, one);
    const name = nameOf(one);
    const before = placed.get(name);
    const isAnother = before !== undefined && (before.position.epoch !== position.epoch || before.position.sequence !== position.sequence);
    if (isAnother && !saidAgain.has(name) && !landedLate(end, before, one))
      throw new Violation("C2", `${position.origin} accepted ${event.command} of ${event.actor} twice`);
    placed.set(name, one);
  }
}

const nameOf = ({ event, position }: Placed): string => `${position.origin}\n${event.actor}\n${event.command}`;

function audited(region: string, facts: readonly { readonly [field: string]: unknown }[], saidAgain: ReadonlySet<string>): void {
  const versions = facts.filter(({ kind }) => kind === "version").map(({ stamp }) => String(stamp));
  const twice = versions.find((stamp, index) => versions.indexOf(stamp) !== index && !saidAgain.has(stamp));
  if (twice !== undefined) throw new Violation("C2", `${region} applied ${twice} twice, says its audit log`);
}
