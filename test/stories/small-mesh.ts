/**
 * Three whole regions in one process, on memory logs and stores, with links that a story cuts and heals by a word. Time stands still but for what
 * the story lets pass, and nothing sleeps: `settle` hands every log message over until nobody has news.
 */
import type { Actor, Command } from "../../core/command.ts";
import type { Accepted } from "../../core/ports/acceptor.ts";
import type { Told } from "../../core/ports/feed.ts";
import type { FollowOptions, PeerLink } from "../../core/ports/peer-link.ts";
import type { Timers } from "../../core/ports/time.ts";
import { openLoneRegisters } from "../../reconciliation/lone-registers.ts";
import { openRegion } from "../../reconciliation/region.ts";
import type { Region } from "../../reconciliation/region-ports.ts";
import type { MemoryEventLog } from "../../regions/embedded/memory-log.ts";
import { emptyLog, openMemoryLog } from "../../regions/embedded/memory-log.ts";
import { openMemoryStore } from "../../regions/embedded/memory-store.ts";

export const REGIONS = ["ap", "eu", "us"] as const;
export type Name = (typeof REGIONS)[number];
type Asking = { [K in Command["kind"]]: Omit<Extract<Command, { readonly kind: K }>, "id"> }[Command["kind"]];

interface Followed {
  readonly here: Name;
  readonly options: FollowOptions;
}
interface Machine {
  readonly region: Region;
  readonly log: MemoryEventLog;
  readonly told: Told[];
}

export class SmallMesh {
  readonly machines = new Map<Name, Machine>();
  readonly #follows: Followed[] = [];
  readonly #cut = new Set<string>();
  readonly offsetMs = new Map<Name, number>();
  readonly #disks = new Map<Name, { store: ReturnType<typeof openMemoryStore>; kept: ReturnType<typeof emptyLog> }>();
  nowMs = Date.UTC(2026, 0, 5, 10);
  #commands = 0;
  #boots = 0;

  static async open(offsets: Partial<Record<Name, number>> = {}): Promise<SmallMesh> {
    const mesh = new SmallMesh();
    for (const name of REGIONS) mesh.offsetMs.set(name, offsets[name] ?? 0);
    for (const name of REGIONS) await mesh.start(name);
    return mesh;
  }

  async start(name: Name): Promise<void> {
    const disk = this.#disks.get(name) ?? { store: openMemoryStore(), kept: emptyLog() };
    this.#disks.set(name, disk);
    const log = openMemoryLog(name, 1, disk.kept);
    const bootMs = this.offsetMs.get(name) ?? 0;
    const region = await openRegion({
      region: name,
      regions: REGIONS,
      store: openLoneRegisters(disk.store),
      log,
      link: this.#link(name),
      timers: this.#timers(),
      physical: { nowMs: () => this.nowMs + bootMs },
      random: () => 0.5,
      secret: "the mesh's secret",
      boot: `boot${++this.#boots}`,
    });
    const told: Told[] = [];
    region.feed.listen((one) => told.push(one));
    this.machines.set(name, { region, log, told });
  }

  /** The process dies with all that its store had not taken. */
  async crash(name: Name): Promise<void> {
    this.#disks.get(name)?.store.crash();
    for (let i = this.#follows.length - 1; i >= 0; i -= 1) if (this.#follows[i]?.here === name) this.#follows.splice(i, 1);
    this.machines.delete(name);
    await this.start(name);
  }

  at(name: Name): Region {
    const machine = this.machines.get(name);
    if (machine === undefined) throw new Error(`${name} is not running`);
    return machine.region;
  }
  told(name: Name): readonly Told[] {
    return this.machines.get(name)?.told ?? [];
  }

  cut(a: Name, b?: Name): void {
    for (const other of REGIONS) if (other !== a && (b === undefined || other === b)) this.#cut.add(`${a} ${other}`).add(`${other} ${a}`);
  }
  heal(): void {
    this.#cut.clear();
  }

  /** One command; every one a second later than the last, so that stories know who was later. */
  async do(
    name: Name,
    user: string,
    command: Asking,
    id = `command-${++this.#commands}`,
    roles: Actor["roles"] = ["user"],
  ): Promise<Accepted> {
    this.nowMs += 1_000;
    return this.at(name).acceptor.submit({ user, roles }, { id, ...command } as Command);
  }
  async id(name: Name, user: string, command: Asking, id?: string): Promise<string> {
    const { result } = await this.do(name, user, command, id);
    return String((result as { readonly id: string }).id);
  }

  /** Every message that can cross crosses, in rounds, until a round brings nothing. `order` says which link goes first. */
  async settle(order: (count: number) => number = () => 0): Promise<void> {
    for (let news = true; news; ) {
      news = false;
      await Promise.resolve();
      const links = [...this.#follows];
      while (links.length > 0) {
        const [{ here, options }] = links.splice(order(links.length) % links.length, 1) as [Followed];
        if (this.#cut.has(`${options.peer} ${here}`)) continue;
        const texts = this.machines.get(options.peer as Name)?.log.kept.texts ?? [];
        for (let sequence = options.position() + 1; sequence <= texts.length; sequence += 1)
          if (options.accept(sequence, texts[sequence - 1] ?? "") === "taken") news = true;
      }
      for (let i = 0; i < 20; i += 1) await Promise.resolve();
    }
  }

  #link(here: Name): PeerLink {
    return {
      region: here,
      peers: REGIONS.filter((name) => name !== here),
      follow: (options) => {
        this.#follows.push({ here, options });
        return { heard: () => {}, mirrorHead: async () => 0, stop: async () => {} };
      },
      beat: () => {},
      onBeat: () => {},
      tell: () => {},
      onTold: () => {},
      ask: () => Promise.reject(new Error("nobody is asked in a small mesh")),
      onAsked: () => {},
      close: async () => {},
    };
  }

  /** Patience runs out at once (nothing waits for beats here), timers of the store fire at the next turn, none repeats. */
  #timers(): Timers {
    let calls = 0;
    return {
      monotonicMs: () => (calls += 5_000),
      after: (delayMs, run) => {
        let cancelled = false;
        if (delayMs < 1_000) queueMicrotask(() => cancelled || run());
        return { cancel: () => void (cancelled = true) };
      },
      every: () => ({ cancel: () => {} }),
    };
  }
}
