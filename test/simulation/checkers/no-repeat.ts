/** C2: no command has two effects: not in a log, not in a register, not in a count. */
import { canonical } from "../../../core/canonical.ts";
import type { Placed } from "../../../core/event.ts";
import { comparePoints, formatPosition, parsePoint, START } from "../../../core/position.ts";
import type { Operation } from "../history.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";
import { ALL } from "./end-state.ts";

export function noRepeat({ truth, acts, regions, operations }: EndState): void {
  onceInALog(truth, operations);
  for (const [key, some] of acts) {
    const seen = new Map<string, string>();
    for (const { author, command, value } of some) {
      const text = canonical(value);
      const before = seen.get(`${author}\n${command}`);
      if (before !== undefined && before !== text)
        throw new Violation("C2", `${command} of ${author} wrote two things into ${key}: ${before} and ${text}`);
      seen.set(`${author}\n${command}`, text);
    }
  }
  for (const { region, store, registers } of regions) {
    for (const { key, entries, seen, count } of registers.values()) {
      const events = new Set([...entries.map(({ stamp }) => stamp), ...seen.map(({ stamp }) => stamp)]);
      if (events.size !== entries.length + seen.length || count !== entries.length)
        throw new Violation("C2", `${region} counts ${count} events in ${key} and holds ${entries.length + seen.length} of ${events.size}`);
    }
    audited(
      region,
      [...store.range("audit", ALL)].map(([, fact]) => fact),
    );
  }
}

/**
 * The same command is accepted once in a region; two regions that could not hear each other may both have accepted it (twins). So may two lives of
 * one region: a message that was on its way when the process was killed may land after the next life has read the log, and a repeat is its twin.
 */
function onceInALog(truth: readonly Placed[], operations: readonly Operation[]): void {
  const placed = new Map<string, Placed>();
  for (const one of truth) {
    const { event, position } = one;
    const at = formatPosition(position);
    const same = placed.get(event.stamp);
    if (same !== undefined) throw new Violation("C2", `${event.stamp} stands at ${formatPosition(same.position)} and at ${at}`);
    placed.set(event.stamp, one);
    const name = `${position.origin}\n${event.actor}\n${event.command}`;
    const before = placed.get(name);
    const isAnother = before !== undefined && (before.position.epoch !== position.epoch || before.position.sequence !== position.sequence);
    if (isAnother && !landedLate(before, one, operations))
      throw new Violation("C2", `${position.origin} accepted ${event.command} of ${event.actor} twice`);
    placed.set(name, one);
  }
}

/** The life that accepted it again was another one, and had not read what the former had sent. */
function landedLate(before: Placed, { event, position: { origin } }: Placed, operations: readonly Operation[]): boolean {
  const asked = operations.find(({ user, command }) => user === event.actor && command.id === event.command);
  const lives = new Set(asked?.attempts.filter(({ region }) => region === origin).map(({ life }) => life));
  const read = parsePoint(event.after[origin] ?? "") ?? START;
  return lives.size > 1 && comparePoints(read, before.position) < 0;
}

function audited(region: string, facts: readonly { readonly [field: string]: unknown }[]): void {
  const versions = facts.filter(({ kind }) => kind === "version").map(({ stamp }) => String(stamp));
  const twice = versions.find((stamp, index) => versions.indexOf(stamp) !== index);
  if (twice !== undefined) throw new Violation("C2", `${region} applied ${twice} twice, says its audit log`);
}
