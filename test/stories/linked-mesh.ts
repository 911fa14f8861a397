/**
 * Three whole regions with everything that runs between them: beats, link states, clocks, witnesses, barriers. Virtual time, a bus that a story
 * cuts and heals, logs that are pulled as the peers' beats say.
 */
import type { Command } from "../../core/command.ts";
import type { FollowOptions, PeerLink, PeerTail } from "../../core/ports/peer-link.ts";
import { Bus, VirtualTime } from "../../reconciliation/links.test-model.ts";
import { openLoneRegisters } from "../../reconciliation/lone-registers.ts";
import { openRegion } from "../../reconciliation/region.ts";
import type { Region, RegionPorts } from "../../reconciliation/region-ports.ts";
import type { MemoryEventLog } from "../../regions/embedded/memory-log.ts";
import { openMemoryLog } from "../../regions/embedded/memory-log.ts";
import type { MemoryStore } from "../../regions/embedded/memory-store.ts";
import { openMemoryStore } from "../../regions/embedded/memory-store.ts";

type Asking = { [K in Command["kind"]]: Omit<Extract<Command, { readonly kind: K }>, "id"> }[Command["kind"]];

const PULL_MS = 100;

export class LinkedMesh {
  readonly time = new VirtualTime();
  readonly names = ["ap", "eu", "us"] as const;
  readonly bus = new Bus(this.time, this.names);
  readonly startMs = Date.UTC(2026, 0, 5, 10);
  readonly #regions = new Map<string, Region>();
  readonly #logs = new Map<string, MemoryEventLog>();
  readonly #stores = new Map<string, MemoryStore>();
  /** "<here> <peer>": what lies in a region's own mirror of a peer's log. */
  readonly #mirrors = new Map<string, string[]>();
  /** Whose disk takes nothing more for the store. */
  readonly full = new Set<string>();
  /** Messages that never came when a region's store had been filled again. */
  readonly missing = new Map<string, number>();
  /** Whose disk answers no commit of the store any more. */
  readonly stuck = new Set<string>();
  /** Who gives nothing of their log to anybody, though they beat. */
  readonly silent = new Set<string>();
  more: (name: string) => Pick<RegionPorts, "webhooks" | "watch"> = () => ({});
  #boots = 0;
  #commands = 0;

  /** `more`: what else a region of that name stands on. */
  static async open(offsetsMs: Readonly<Record<string, number>> = {}, more: LinkedMesh["more"] = () => ({})): Promise<LinkedMesh> {
    const mesh = new LinkedMesh();
    mesh.more = more;
    for (const name of mesh.names) mesh.#logs.set(name, openMemoryLog(name, 1));
    for (const name of mesh.names) await mesh.#start(name, offsetsMs[name] ?? 0);
    await mesh.time.pass(2_000);
    return mesh;
  }

  /** True time. */
  get nowMs(): number {
    return this.startMs + this.time.nowMs;
  }
  at(name: string): Region {
    return this.#regions.get(name) as Region;
  }
  get all(): readonly Region[] {
    return this.names.map((name) => this.at(name));
  }

  async do(name: string, user: string, command: Asking): Promise<Readonly<Record<string, unknown>>> {
    const asked = this.at(name).acceptor.submit({ user, roles: ["user"] }, { id: `command-${++this.#commands}`, ...command } as Command);
    return (await this.time.settled(asked)).result as Readonly<Record<string, unknown>>;
  }

  cut(name: string): void {
    for (const other of this.names) if (other !== name) this.bus.cut(name, other);
  }
  heal(): void {
    this.bus.heal();
  }

  /** The process ends in order and starts again, with another wall clock if need be. */
  async restart(name: string, offsetMs = 0): Promise<void> {
    await this.time.settled(this.at(name).drain());
    await this.#start(name, offsetMs);
  }

  /** kill -9; with `lost` the folder of its store is gone too. Its log and its mirrors, which the server keeps, stay. */
  async kill(name: string, { lost = false } = {}): Promise<void> {
    await this.time.settled(this.at(name).close());
    this.#stores.get(name)?.crash();
    if (lost) this.#stores.delete(name);
    await this.#start(name, 0);
  }

  forgetMirrors(name: string): void {
    for (const [key, mirror] of this.#mirrors) if (key.startsWith(`${name} `)) mirror.length = 0;
  }

  async #start(name: string, offsetMs: number): Promise<void> {
    const store = this.#stores.get(name) ?? this.#disk(name);
    this.#stores.set(name, store);
    const more = this.more(name);
    const region = await openRegion({
      region: name,
      regions: this.names,
      store: openLoneRegisters(store),
      log: this.#logs.get(name) as MemoryEventLog,
      link: { ...this.bus.link(name), follow: (options) => this.#follow(name, options) } satisfies PeerLink,
      timers: this.time,
      physical: { nowMs: () => this.nowMs + offsetMs },
      random: () => 0.5,
      secret: "the mesh's secret",
      boot: `${name}-${++this.#boots}`,
      ...more,
      watch: { ...more.watch, refilled: (missing) => void this.missing.set(name, missing) },
    });
    this.#regions.set(name, region);
  }

  #disk(name: string): MemoryStore {
    return openMemoryStore({
      durable: (run) => {
        if (!this.stuck.has(name)) run(this.full.has(name) ? new Error("no space left on device") : undefined);
      },
    });
  }

  /** What lay in the mirror at the start comes from there; the rest is pulled, and then lies there too. */
  #follow(here: string, { peer, position, accept }: FollowOptions): PeerTail {
    const mirror = this.#mirrors.get(`${here} ${peer}`) ?? [];
    this.#mirrors.set(`${here} ${peer}`, mirror);
    const lay = mirror.length;
    const pull = (): void => {
      for (let at = position(); at < lay && accept(at + 1, mirror[at] ?? "") === "taken"; at += 1);
      const from = position();
      this.bus.send(here, peer, () => {
        if (this.silent.has(peer)) return;
        const texts = this.#logs.get(peer)?.kept.texts.slice(from, from + 100) ?? [];
        this.bus.send(peer, here, () => {
          for (const [at, text] of texts.entries()) {
            mirror[from + at] = text;
            accept(from + at + 1, text);
          }
        });
      });
    };
    const timer = this.time.every(PULL_MS, pull);
    return { heard: pull, mirrorHead: async () => mirror.length, stop: async () => timer.cancel() };
  }
}
