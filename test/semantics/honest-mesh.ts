/**
 * Three honest regions on the real commands and replicas, without machinery: a command is decided, stamped and in the log at once; a link hands
 * over one log message at a time, in order, whenever chance lets it. Clocks may run ahead, people move between regions and repeat commands.
 */
import type { Command } from "../../core/command.ts";
import { decide } from "../../core/commands/decide.ts";
import type { Draft } from "../../core/commands/decision.ts";
import { recordById } from "../../core/conflict-records.ts";
import { Refusal } from "../../core/errors.ts";
import type { Event, Placed } from "../../core/event.ts";
import { commandKey } from "../../core/identity.ts";
import { LIMITS } from "../../core/limits.ts";
import { vectorText } from "../../core/position.ts";
import type { ConflictRecord, Register } from "../../core/register.ts";
import { HybridClock, stampTimeMs } from "../../core/stamp.ts";
import { memoryTables } from "../../reconciliation/read/story.test-model.ts";
import { regionView } from "../../reconciliation/region-view.ts";
import { Replica } from "../../reconciliation/replica.ts";
import { openContentKeys, stampDrafts } from "../../reconciliation/stamping.ts";
import { yjsTexts } from "../../reconciliation/text-merge.ts";

export const REGIONS = ["us", "eu", "ap"] as const;
export type Name = (typeof REGIONS)[number];
const KEYS = openContentKeys("a secret of this test");
const BOOT_MS = 1_000_000;

export class HonestRegion {
  readonly name: Name;
  readonly log: (readonly Event[])[] = [];
  readonly tables = memoryTables();
  readonly replica: Replica;
  readonly clock: HybridClock;
  readonly #mesh: HonestMesh;

  constructor(name: Name, mesh: HonestMesh, aheadMs: number) {
    this.name = name;
    this.#mesh = mesh;
    this.clock = new HybridClock({
      region: name,
      physical: { nowMs: () => BOOT_MS + mesh.elapsedMs + aheadMs },
      boundMs: LIMITS.clockBoundMs,
    });
    this.replica = new Replica({
      region: name,
      tables: this.tables,
      nowMs: () => 0,
      view: (replica) => regionView(this.tables, () => replica.vector, recordById),
      applied: () => {},
      distrusted: () => {},
    });
  }

  /** Whether the command was taken: not refused, and new to this region. */
  submit(user: string, command: Command): boolean {
    if (this.tables.get("commands", commandKey(user, command.id)) !== undefined) return false;
    try {
      const decision = decide(
        { view: this.replica.view, actor: { user, roles: ["user"] }, contentOf: KEYS.contentOf, texts: yjsTexts },
        command,
      );
      if ("events" in decision) this.#append(decision.events, user, command.id, KEYS.saidBy(command, decision.events[0].channel));
      return "events" in decision;
    } catch (refusal) {
      if (refusal instanceof Refusal) return false;
      throw refusal;
    }
  }

  /** A peer's next log message; what lies too far ahead of this region's clock is witnessed first (H8). */
  take(from: HonestRegion): boolean {
    const sequence = (this.replica.vector[from.name]?.sequence ?? 0) + 1;
    const events = from.log[sequence - 1];
    if (events === undefined) return false;
    for (const { stamp } of events) if (!this.clock.witness(stamp)) this.#witness(from.name, stamp);
    this.replica.applyMessage(from.name, 1, sequence, events);
    return true;
  }

  #witness(origin: Name, stamp: string): void {
    const offsetMs = stampTimeMs(stamp) - this.clock.nowMs();
    const data = { origin, epoch: 1, from: stamp, to: stamp, offsetMs, of: REGIONS.length };
    const draft: Draft = { kind: "clock.witnessed", channel: null, data, policy: "lww", deletes: "final", content: "0".repeat(32) };
    this.#append([draft], this.name, `witness ${stamp}`, "0".repeat(32));
  }

  #append(drafts: readonly Draft[], actor: string, command: string, said: string): void {
    const after = vectorText(this.replica.vector);
    const events = stampDrafts(drafts, { clock: this.clock, actor, command, said, after });
    this.log.push(events);
    this.replica.applyMessage(this.name, 1, this.log.length, events);
    this.#mesh.elapsedMs += 1;
  }

  get registers(): readonly Register[] {
    return [...this.tables.range("registers", { from: "", to: "\u{7f}" })].map(([, register]) => register);
  }

  found(id: string): ConflictRecord | undefined {
    return this.replica.view.conflict(id)?.record;
  }
}

export class HonestMesh {
  elapsedMs = 0;
  readonly regions: readonly HonestRegion[];

  constructor(aheadMs: Partial<Record<Name, number>>) {
    this.regions = REGIONS.map((name) => new HonestRegion(name, this, aheadMs[name] ?? 0));
  }

  settle(): void {
    while (this.regions.some((to) => this.regions.some((from) => from !== to && to.take(from))));
  }

  get placed(): readonly Placed[] {
    return this.regions.flatMap(({ name, log }) =>
      log.flatMap((events, index) =>
        events.map((event, place) => ({ position: { origin: name, epoch: 1, sequence: index + 1, place }, event })),
      ),
    );
  }
}
