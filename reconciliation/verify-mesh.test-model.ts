/** Three regions that write, follow each other's logs through real gates and verify each other, on virtual time. Their state is a few registers. */
import { bucketOf, registerTerm } from "../core/digest.ts";
import type { Event, Placed } from "../core/event.ts";
import { addHash, EMPTY_SUM, removeHash, sha256 } from "../core/hash.ts";
import type { KeyRange, TableName, TableSnapshot, Tables } from "../core/ports/state-store.ts";
import type { Point, Vector } from "../core/position.ts";
import type { Entry, Register } from "../core/register.ts";
import { formatStamp } from "../core/stamp.ts";
import { Convergence } from "./convergence.ts";
import { Gate } from "./gate.ts";
import { Bus, VirtualTime } from "./links.test-model.ts";
import { same } from "./marks.ts";
import { Barriers } from "./verify-barrier.ts";
import type { VerifiedRegion } from "./verify-host.ts";
import { VerifyHost } from "./verify-host.ts";
import { Verification } from "./verify-report.ts";

export const REGIONS = ["ap", "eu", "us"];
export const CHANNEL = "c".repeat(26);
const NOW = 1_700_000_000_000;

type Rows = Map<string, unknown>;

export class FakeRegion implements VerifiedRegion {
  readonly name: string;
  readonly gates = new Map<string, Gate>();
  readonly log: Event[] = [];
  readonly tables: {
    readonly registers: Map<string, Register>;
    readonly digests: Map<string, string>;
    readonly positions: Map<string, Point>;
  };
  readonly verification: Verification;
  readonly convergence: Convergence;
  readonly cutOff = new Set<string>();
  converged: string | null = null;
  inQuarantine = 0;
  /** How long it takes until `verify` gets its turn again: longer where much else is done. */
  turnMs = 0;
  snapshots = 0;
  heldSinceMs: number | undefined;
  longestHoldMs = 0;
  readonly #mesh: VerifyMesh;

  constructor(name: string, mesh: VerifyMesh) {
    this.name = name;
    this.#mesh = mesh;
    this.tables = { registers: new Map(), digests: new Map(), positions: new Map() };
    for (const origin of REGIONS)
      this.gates.set(
        origin,
        new Gate({
          origin,
          epoch: 1,
          after: 0,
          take: (events) => events.forEach((one) => void this.#apply(one)),
          quarantine: () => {},
          room: () => true,
        }),
      );
    const { time } = mesh;
    const random = (): number => mesh.random();
    const link = mesh.bus.link(name);
    const host = new VerifyHost({
      region: this,
      timers: {
        monotonicMs: () => time.monotonicMs(),
        every: (ms, run) => time.every(ms, run),
        after: (ms, run) => time.after(ms === 0 ? this.turnMs : ms, run),
      },
      compared: ({ equal, digest, sumsMs }) => {
        this.converged = equal ? digest : null;
        this.convergence.compared(sumsMs);
      },
    });
    const barriers = new Barriers({ link, host, timers: time, reachable: (peer) => !this.cutOff.has(peer) }, `${name}.1`);
    this.verification = new Verification({ barriers, timers: time, random, shownChannel: (identity) => `chn_us_${identity}` });
    this.convergence = new Convergence({
      timers: time,
      random,
      turn: REGIONS.indexOf(name),
      allUp: () => this.cutOff.size === 0,
      compare: () => this.verification.light(),
    });
    mesh.time.every(20, () => this.#follow());
  }

  get vector(): Vector {
    return Object.fromEntries(this.tables.positions);
  }

  write(): void {
    const stamp = formatStamp(NOW + this.#mesh.time.nowMs, this.log.length, this.name);
    this.log.push({ stamp, command: `${this.name}${this.log.length}` } as Event);
    this.gates.get(this.name)?.acceptEvents(this.log.length, this.log.slice(-1));
  }

  /** So many messages that nobody has touched since they were sent; the same in every region that is given them. */
  holdMany(count: number): void {
    for (let n = 0; n < count; n += 1) {
      const key = `${CHANNEL}|body|old${String(n).padStart(6, "0")}`;
      const event = { stamp: formatStamp(NOW, n, "us"), command: `old${n}` } as Event;
      this.#save(undefined, joined(key, undefined, event, { origin: "us", epoch: 0, sequence: n, place: 0 }));
    }
  }

  /** A byte on the disk changes, and no sum notices. */
  corrupt(change: (register: Register) => Register): string {
    const [key, register] = [...this.tables.registers][0] as [string, Register];
    this.tables.registers.set(key, change(register));
    return key;
  }

  holdAll(): Vector {
    this.heldSinceMs = this.#mesh.time.nowMs;
    for (const gate of this.gates.values()) gate.hold();
    return this.vector;
  }
  advanceTo(vector: Vector): Promise<boolean> {
    for (const [origin, { sequence }] of Object.entries(vector)) this.gates.get(origin)?.release(sequence);
    return new Promise((resolve) => {
      const look = (): void => {
        if (Object.entries(vector).every(([origin, point]) => same(this.vector[origin] ?? { ...point, sequence: 0 }, point))) resolve(true);
        else if (this.heldSinceMs !== undefined) this.#mesh.time.after(5, look);
      };
      look();
    });
  }
  async snapshot(): Promise<TableSnapshot> {
    this.snapshots += 1;
    const copy = Object.fromEntries(Object.entries(this.tables).map(([table, rows]) => [table, new Map<string, unknown>(rows as Rows)]));
    let open = true;
    const rowsOf = (table: TableName): Rows => {
      if (!open) throw new Error("the transaction is closed");
      return copy[table] ?? new Map();
    };
    return {
      get: <T extends TableName>(table: T, key: string) => rowsOf(table).get(key) as Tables[T] | undefined,
      range: <T extends TableName>(table: T, { from, to, limit }: KeyRange) =>
        [...rowsOf(table)]
          .filter(([key]) => key >= from && key < to)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit) as [string, Tables[T]][],
      close: () => {
        if (open) this.snapshots -= 1;
        open = false;
      },
    };
  }
  releaseAll(): void {
    this.longestHoldMs = Math.max(this.longestHoldMs, this.#mesh.time.nowMs - (this.heldSinceMs ?? this.#mesh.time.nowMs));
    this.heldSinceMs = undefined;
    for (const gate of this.gates.values()) gate.release();
  }
  quarantined(): number {
    return this.inQuarantine;
  }

  #follow(): void {
    for (const [origin, gate] of this.gates) {
      // Its own log too: what a held gate had no room for.
      if (this.#mesh.bus.cutWays.has(`${origin}>${this.name}`)) continue;
      const from = gate.position;
      this.#mesh
        .region(origin)
        .log.slice(from, from + 50)
        .forEach((event, at) => void gate.acceptEvents(from + at + 1, [event]));
    }
  }

  #apply({ position, event }: Placed): void {
    const key = `${CHANNEL}|body|m${Number.parseInt(sha256(event.command).slice(0, 4), 16) % 12}`;
    const before = this.tables.registers.get(key);
    this.#save(before, joined(key, before, event, position));
    this.tables.positions.set(position.origin, { epoch: 1, sequence: position.sequence, place: 0 });
  }

  #save(before: Register | undefined, after: Register): void {
    this.tables.registers.set(after.key, after);
    const row = (register: Register): string => `${CHANNEL}|${bucketOf(register)}`;
    if (before !== undefined)
      this.tables.digests.set(row(before), removeHash(this.tables.digests.get(row(before)) ?? EMPTY_SUM, registerTerm(before)));
    this.tables.digests.set(row(after), addHash(this.tables.digests.get(row(after)) ?? EMPTY_SUM, registerTerm(after)));
  }
}

function joined(key: string, before: Register | undefined, event: Event, position: Placed["position"]): Register {
  const entry = { stamp: event.stamp, content: event.command, value: event.command, position } as Entry;
  const entries = [...(before?.entries ?? []), entry].sort((a, b) => (a.stamp < b.stamp ? -1 : 1));
  const winner = entries.at(-1) as Entry;
  return {
    key,
    entries,
    seen: [],
    count: entries.length,
    sum: addHash(before?.sum ?? EMPTY_SUM, sha256(event.command)),
    resolution: { value: winner.value, winner: winner.stamp, heads: [winner.stamp], records: [], incomplete: [], pending: [], void: [] },
  };
}

export class VerifyMesh {
  readonly time = new VirtualTime();
  readonly bus = new Bus(this.time, REGIONS);
  readonly #regions: ReadonlyMap<string, FakeRegion>;
  #seed: number;

  constructor(seed = 1) {
    this.#seed = seed;
    this.#regions = new Map(REGIONS.map((name) => [name, new FakeRegion(name, this)]));
  }

  region(name: string): FakeRegion {
    return this.#regions.get(name) as FakeRegion;
  }
  get regions(): readonly FakeRegion[] {
    return [...this.#regions.values()];
  }
  /** Regions in which something is held for a comparison, or a transaction is open. */
  holding(): readonly string[] {
    const isHolding = ({ heldSinceMs, snapshots, gates }: FakeRegion): boolean =>
      heldSinceMs !== undefined || snapshots > 0 || [...gates.values()].some(({ held }) => held);
    return this.regions.filter(isHolding).map(({ name }) => name);
  }

  random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }

  /** Everybody writes all the time, at uneven times. */
  traffic(): void {
    for (const region of this.regions) {
      const again = (): void => {
        region.write();
        this.time.after(5 + this.random() * 30, again);
      };
      again();
    }
  }

  /** Cuts a region from all others; they know it. */
  cut(name: string): void {
    for (const other of REGIONS.filter((region) => region !== name)) {
      this.bus.cut(name, other);
      this.region(name).cutOff.add(other);
      this.region(other).cutOff.add(name);
    }
  }
  heal(): void {
    this.bus.heal();
    for (const region of this.regions) region.cutOff.clear();
  }
}
