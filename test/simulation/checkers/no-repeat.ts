/** C2: no command has two effects: not in a log, not in a register, not in a count. */
import { canonical } from "../../../core/canonical.ts";
import type { Placed } from "../../../core/event.ts";
import { formatPosition } from "../../../core/position.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";
import { ALL, landedLate } from "./end-state.ts";

export function noRepeat(end: EndState): void {
  const { acts, regions } = end;
  onceInALog(end);
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
function onceInALog(end: EndState): void {
  const placed = new Map<string, Placed>();
  for (const one of end.truth) {
    const { event, position } = one;
    const at = formatPosition(position);
    const same = placed.get(event.stamp);
    if (same !== undefined) throw new Violation("C2", `${event.stamp} stands at ${formatPosition(same.position)} and at ${at}`);
    placed.set(event.stamp, one);
    const name = `${position.origin}\n${event.actor}\n${event.command}`;
    const before = placed.get(name);
    const isAnother = before !== undefined && (before.position.epoch !== position.epoch || before.position.sequence !== position.sequence);
    if (isAnother && !landedLate(end, before, one))
      throw new Violation("C2", `${position.origin} accepted ${event.command} of ${event.actor} twice`);
    placed.set(name, one);
  }
}

function audited(region: string, facts: readonly { readonly [field: string]: unknown }[]): void {
  const versions = facts.filter(({ kind }) => kind === "version").map(({ stamp }) => String(stamp));
  const twice = versions.find((stamp, index) => versions.indexOf(stamp) !== index);
  if (twice !== undefined) throw new Violation("C2", `${region} applied ${twice} twice, says its audit log`);
}
