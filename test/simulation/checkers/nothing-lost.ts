/** C1: what was acknowledged is in a log, and what is in a log is in every region's history and audit trail. */
import { Violation } from "../violation.ts";
import type { EndState, RegionEnd } from "./end-state.ts";
import { ALL } from "./end-state.ts";

/** A person who has nothing new to see gets an answer and makes no event. */
const MAY_MAKE_NONE = new Set(["conflict.see"]);

export function nothingLost({ operations, truth, acts, regions }: EndState): void {
  const made = new Set(truth.map(({ event }) => `${event.actor}\n${event.command}`));
  for (const { user, command, outcome } of operations)
    if (outcome === "ok" && !MAY_MAKE_NONE.has(command.kind) && !made.has(`${user}\n${command.id}`))
      throw new Violation("C1", `${command.kind} ${command.id} of ${user} was acknowledged and is in no region's log`);
  for (const region of regions) {
    for (const [key, some] of acts) {
      const held = new Set(region.registers.get(key)?.entries.map(({ stamp }) => stamp));
      for (const { stamp, command } of some)
        if (!held.has(stamp)) throw new Violation("C1", `${region.region} lacks ${stamp} (${command}) in the history of ${key}`);
    }
    audited(region, truth);
  }
}

function audited({ region, store }: RegionEnd, truth: EndState["truth"]): void {
  const stamps = new Set([...store.range("audit", ALL)].map(([, fact]) => (fact["kind"] === "version" ? fact["stamp"] : "")));
  for (const { event } of truth)
    if (!stamps.has(event.stamp)) throw new Violation("C1", `${region} has no audit entry of ${event.kind} ${event.stamp}`);
}
