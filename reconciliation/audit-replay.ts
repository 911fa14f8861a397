/**
 * From an audit log alone, in a clean place, the state again (law A3): the same apply, so the same registers, the same verdicts and the same digest;
 * or something in the log is not what happened.
 */
import type { Event } from "../core/event.ts";
import type { AuditEntry } from "../core/objects.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import { covers, parsePosition, type Vector } from "../core/position.ts";
import { regionView } from "./region-view.ts";
import { Replica } from "./replica.ts";
import { stateRoot } from "./verify-root.ts";
import { WorkingSet } from "./working-set.ts";

/** Entries between two commits of the clean store, so that memory is not searched over and over. */
const COMMIT_EVERY = 500;

export class AuditReplay {
  readonly #tables: WorkingSet;
  readonly #replica: Replica;
  readonly #asOf: Vector | undefined;
  #taken = 0;

  /** `asOf`: nothing beyond it is taken. */
  constructor(store: StateStore, region: string, asOf?: Vector) {
    this.#asOf = asOf;
    this.#tables = new WorkingSet(store);
    this.#replica = new Replica({
      region,
      tables: this.#tables,
      nowMs: () => 0,
      view: (self) =>
        regionView(
          this.#tables,
          () => self.vector,
          () => undefined,
        ),
      applied: () => {},
      distrusted: () => {},
    });
  }

  /** The next entry of the log; `fact`: the event itself, where it is one. */
  async take(entry: AuditEntry, fact: Event | undefined): Promise<void> {
    const position = typeof entry["position"] === "string" ? parsePosition(entry["position"]) : undefined;
    if (position === undefined || (this.#asOf !== undefined && !covers(this.#asOf, position.origin, position))) return;
    if (entry.kind === "version" && fact !== undefined) this.#replica.apply({ position, event: fact });
    else if (entry.kind === "quarantine") this.#replica.quarantine(position, String(entry["reason"]), String(entry["raw"]));
    this.#taken += 1;
    if (this.#taken % COMMIT_EVERY === 0) await this.#tables.commit();
  }

  async digest(): Promise<string> {
    await this.#tables.commit();
    return (await stateRoot(this.#tables, { mode: "full", pause: async () => {} })).digest;
  }

  /** How many conflicts are on record. */
  conflicts(): number {
    return [...this.#tables.range("channelConflicts", { from: "", to: "\u{7f}" })].length;
  }

  /** The last verdict on each conflict, as this replay came to it. */
  verdicts(): ReadonlyMap<string, string> {
    const verdicts = new Map<string, string>();
    for (const [, row] of this.#tables.range("audit", { from: "", to: "\u{7f}" }))
      if (row["kind"] === "verdict") verdicts.set(String(row["conflict"]), verdictText(row));
    return verdicts;
  }
}

/** What a verdict says, as text to be compared. */
export const verdictText = ({ versions, winner, losers, rule, reason }: Readonly<Record<string, unknown>>): string =>
  JSON.stringify([versions, winner, losers, rule, reason]);
