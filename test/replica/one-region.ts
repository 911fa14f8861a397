/**
 * A region of a few parts: a replica on memory tables, a clock, a log, and the commands' own decisions. No packer, no links, no time of its own:
 * a test says who commands, what is delivered and how late. So the events are such as honest regions make, also under wrong clocks and cuts.
 */
import type { Actor, Command } from "../../core/command.ts";
import { decide } from "../../core/commands/decide.ts";
import { recordById } from "../../core/conflict-records.ts";
import { Refusal } from "../../core/errors.ts";
import type { ClockWitnessed, Event, Json, Placed } from "../../core/event.ts";
import type { StateStore } from "../../core/ports/state-store.ts";
import { vectorText } from "../../core/position.ts";
import { HybridClock } from "../../core/stamp.ts";
import { openLoneRegisters } from "../../reconciliation/lone-registers.ts";
import { regionView } from "../../reconciliation/region-view.ts";
import type { Applied } from "../../reconciliation/replica.ts";
import { Replica } from "../../reconciliation/replica.ts";
import { openContentKeys, stampDrafts } from "../../reconciliation/stamping.ts";
import { yjsTexts } from "../../reconciliation/text-merge.ts";
import { WorkingSet } from "../../reconciliation/working-set.ts";
import type { MemoryStore } from "../../regions/embedded/memory-store.ts";
import { openMemoryStore } from "../../regions/embedded/memory-store.ts";

const KEYS = openContentKeys("the secret of a test");

export interface OpenReplica {
  readonly replica: Replica;
  readonly tables: WorkingSet;
  readonly store: StateStore;
  /** What lies beneath `store`, as it is stored. */
  readonly disk: MemoryStore;
  readonly told: readonly Applied[];
}

/** A replica on tables of its own, and all that it told of what it applied. */
export function openReplica(region: string): OpenReplica {
  const disk = openMemoryStore();
  const store = openLoneRegisters(disk);
  const tables = new WorkingSet(store);
  const told: Applied[] = [];
  const replica = new Replica({
    region,
    tables,
    nowMs: () => 0,
    view: (self) => regionView(tables, () => self.vector, recordById),
    applied: (one) => told.push(one),
    distrusted: () => {},
  });
  return { replica, tables, store, disk, told };
}

export type Outcome =
  | { readonly events: readonly Event[] }
  | { readonly answer: { readonly [field: string]: Json } }
  | { readonly refusal: Refusal };

export interface OneRegionOptions {
  readonly region: string;
  /** The wall clock, as wrong as the test wants it. */
  readonly nowMs: () => number;
}

export class OneRegion {
  readonly region: string;
  readonly replica: Replica;
  readonly tables: WorkingSet;
  /** Every event of this region, as its log has it. */
  readonly log: Placed[] = [];
  readonly #clock: HybridClock;
  /** How many events of each peer have come. */
  readonly #had = new Map<string, number>();

  constructor({ region, nowMs }: OneRegionOptions) {
    const { replica, tables } = openReplica(region);
    this.region = region;
    this.replica = replica;
    this.tables = tables;
    this.#clock = new HybridClock({ region, physical: { nowMs }, boundMs: 5_000 });
  }

  /** Undefined where nothing had to happen, or the region refused. */
  do(actor: Actor, command: Command): readonly Event[] | undefined {
    const outcome = this.ask(actor, command);
    return "events" in outcome ? outcome.events : undefined;
  }

  /** What the region decides. A command's events share one log message. */
  ask(actor: Actor, command: Command): Outcome {
    const { view } = this.replica;
    try {
      const decision = decide({ view, actor, contentOf: KEYS.contentOf, texts: yjsTexts }, command);
      if ("answer" in decision) return decision;
      const stamping = {
        clock: this.#clock,
        actor: actor.user,
        command: command.id,
        said: KEYS.saidBy(command, decision.events[0].channel),
      };
      return { events: this.append(stampDrafts(decision.events, { ...stamping, after: vectorText(view.applied()) })) };
    } catch (refusal) {
      if (refusal instanceof Refusal) return { refusal };
      throw refusal;
    }
  }

  witness(data: ClockWitnessed["data"]): void {
    const content = KEYS.contentOf("@", { ...data });
    const draft = { kind: "clock.witnessed", channel: null, data, policy: "lww", deletes: "final", content } as const;
    const after = vectorText(this.replica.vector);
    this.append(
      stampDrafts([draft], { clock: this.#clock, actor: this.region, command: `witness-${this.log.length}`, said: content, after }),
    );
  }

  append(events: readonly Event[]): readonly Event[] {
    const sequence = (this.log.at(-1)?.position.sequence ?? 0) + 1;
    for (const [place, event] of events.entries()) {
      const placed: Placed = { position: { origin: this.region, epoch: 1, sequence, place }, event };
      this.log.push(placed);
      this.replica.apply(placed);
    }
    return events;
  }

  /** The next events of a peer arrive, `count` at most. */
  hear(peer: OneRegion, count: number): void {
    const had = this.#had.get(peer.region) ?? 0;
    const come = peer.log.slice(had, had + count);
    this.#had.set(peer.region, had + come.length);
    for (const placed of come) {
      this.#clock.witness(placed.event.stamp);
      this.replica.apply(placed);
    }
  }
}
