/** One region's copy of a peer's log, kept by its log server: late, stalled for seconds after a cut, going on while the region's process is dead. */
import type { HeldEpoch } from "../../reconciliation/choose-epoch.ts";
import type { EpochLog, LogServer } from "./log-server.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

const BATCH = 8;

export interface MirrorParts {
  readonly origin: LogServer;
  readonly owner: LogServer;
  readonly epoch: number;
  readonly network: Network;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

export class Mirror {
  readonly texts: string[] = [];
  /** Followers in the region's process. */
  readonly onGrow = new Set<() => void>();
  readonly #parts: MirrorParts;
  readonly #source: EpochLog;
  #copying = false;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    this.#source = parts.origin.epoch(parts.epoch);
    this.#source.onGrow.push(() => this.#copy());
    this.#copy();
  }

  lose(): void {
    this.texts.length = 0;
    this.#copy();
  }

  #copy(): void {
    const { origin, owner, network, scheduler, random } = this.#parts;
    const from = this.texts.length;
    if (this.#copying || from >= this.#source.texts.length) return;
    this.#copying = true;
    const batch = this.#source.texts.slice(from, from + BATCH);
    const running = origin.up && owner.up;
    if (running) network.send(origin.region, owner.region, () => this.#take(from, batch));
    const patienceMs = running && network.connected(origin.region, owner.region) ? 600 : random.between(500, 6_000);
    scheduler.after(patienceMs, () => {
      if (this.texts.length > from) return;
      this.#copying = false;
      this.#copy();
    });
  }

  #take(from: number, batch: readonly string[]): void {
    if (this.texts.length !== from || !this.#parts.owner.up) return;
    this.texts.push(...batch);
    this.#copying = false;
    for (const grow of this.onGrow) grow();
    this.#copy();
  }
}

/** The mirrors of the whole mesh: they live as long as the disks do. */
export class Mirrors {
  readonly #mirrors = new Map<string, Mirror>();
  readonly #parts: Omit<MirrorParts, "origin" | "owner" | "epoch"> & { readonly server: (region: string) => LogServer };

  constructor(parts: Omit<MirrorParts, "origin" | "owner" | "epoch"> & { readonly server: (region: string) => LogServer }) {
    this.#parts = parts;
  }

  /** Epochs of a log that stand in one region's mirrors. */
  held(owner: string, origin: string): readonly HeldEpoch[] {
    const name = `${owner}<${origin}.`;
    return [...this.#mirrors].flatMap(([of, { texts }]) =>
      of.startsWith(name) ? [{ epoch: Number(of.slice(name.length)), first: 1, head: texts.length }] : [],
    );
  }

  /** A region's disk is lost, and all its mirrors with it. */
  lose(owner: string): void {
    for (const [of, mirror] of this.#mirrors) if (of.startsWith(`${owner}<`)) mirror.lose();
  }

  of(owner: string, origin: string, epoch: number): Mirror {
    const name = `${owner}<${origin}.${epoch}`;
    let mirror = this.#mirrors.get(name);
    if (mirror === undefined) {
      const { server, ...parts } = this.#parts;
      mirror = new Mirror({ ...parts, owner: server(owner), origin: server(origin), epoch });
      this.#mirrors.set(name, mirror);
    }
    return mirror;
  }
}
