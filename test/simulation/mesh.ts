/** A whole mesh on virtual time: machines, links, logs, mirrors, people, and the checkers that watch while it runs. */
import type { Placed } from "../../core/event.ts";
import { covers } from "../../core/position.ts";
import { mendLateTails } from "../../reconciliation/late-tails.ts";
import { openLoneRegisters } from "../../reconciliation/lone-registers.ts";
import { storedLog } from "../../reconciliation/stored-log.ts";
import { SimulatedGateway } from "./gateway.ts";
import { History, type Operation } from "./history.ts";
import type { Life } from "./life.ts";
import { openLogOf } from "./log-opening.ts";
import { LogServer } from "./log-server.ts";
import { Machine } from "./machine.ts";
import { Mirrors } from "./mirror.ts";
import { Network } from "./network.ts";
import { openPeerLink, Switchboard } from "./peer-link.ts";
import { followPeer } from "./peer-tail.ts";
import type { Person } from "./people.ts";
import type { Plan } from "./plan.ts";
import type { Random } from "./random.ts";
import { Receivers, wearOut } from "./receivers.ts";
import { Roster } from "./roster.ts";
import type { RunningRegion } from "./running-region.ts";
import { runRegion } from "./running-region.ts";
import { Scheduler } from "./scheduler.ts";

/** What a checker that watches may be told. */
export interface Watcher {
  readonly started?: (region: string, running: RunningRegion) => void;
  readonly answered?: (person: Person, operation: Operation, region: string) => void;
  readonly moved?: (person: Person) => void;
  /** Out of reach until `backMs` from now; the line breaks once more at `againMs`. */
  readonly away?: (person: Person, backMs: number, againMs: number | undefined) => void;
  /** Every now and then. */
  readonly look?: () => void;
}

const LOOK_MS = 250;

export class Mesh {
  readonly scheduler = new Scheduler();
  readonly regions: readonly string[];
  readonly network: Network;
  readonly history: History;
  readonly watchers: Watcher[] = [];
  /** From here on nothing breaks any more. */
  quiet = false;
  readonly mirrors: Mirrors;
  readonly roster: Roster;
  readonly loses: Plan["loses"];
  readonly #gateways = new Map<string, SimulatedGateway>();
  readonly #machines = new Map<string, Machine<RunningRegion>>();

  /** Absent where nobody has webhooks. */
  readonly receivers: Receivers | undefined;

  constructor({ regions, hooks, joins, loses }: Pick<Plan, "regions" | "hooks" | "joins" | "loses">, random: Random) {
    this.loses = loses;
    this.regions = regions;
    const { scheduler } = this;
    const receivers = hooks && new Receivers(hooks, scheduler, random.fork(6));
    this.receivers = receivers;
    this.history = new History(() => scheduler.nowMs);
    this.network = new Network(regions, scheduler, random.fork(1));
    this.roster = new Roster(regions, joins && regions.at(-1));
    const board = new Switchboard(this.roster, this.network);
    const servers = new Map(regions.map((region, index) => [region, new LogServer(region, scheduler, random.fork(10 + index))]));
    const serverOf = (region: string): LogServer => servers.get(region) as LogServer;
    this.mirrors = new Mirrors({ network: this.network, scheduler, random: random.fork(2), server: serverOf });
    const tailRandom = random.fork(3);
    const bootRandom = random.fork(4);
    const boot = async (machine: Machine<RunningRegion>, life: Life): Promise<RunningRegion> => {
      const { region, server } = machine;
      if (receivers?.worn === true && machine.boots > 1) await wearOut(machine.store);
      const known = this.roster.peersOf(region);
      const link = openPeerLink(region, life, board, (options) => {
        const mirror = this.mirrors.of(region, options.peer, options.epoch);
        const parts = { region, life, mirror, origin: serverOf(options.peer), owner: server, network: this.network, random: tailRandom };
        return followPeer(options, parts);
      });
      const store = openLoneRegisters(machine.store);
      const { shelf, opened } = await openLogOf({
        ...{ region, life, server, store, loses, mirrors: this.mirrors, network: this.network, roster: this.roster },
        lives: (peer) => this.machine(peer).life !== undefined,
        storedAt: (peer) => storedLog(this.machine(peer).store, region),
      });
      const running = await runRegion({
        region,
        regions,
        life,
        link,
        store,
        log: opened.log,
        earlier: opened.earlier,
        ...(opened.previous === undefined ? {} : { previous: opened.previous }),
        boot: `${region}-${machine.boots}`,
        random: bootRandom,
        ...(receivers === undefined ? {} : { webhooks: receivers.carrier(region, life) }),
      });
      mendLateTails({
        ...{ shelf, epoch: opened.log.epoch, links: running.links, late: running.lateTail, timers: life },
        taken: (epoch, messages) => this.history.note(`LATE    ${region}: ${messages} of epoch ${epoch}`),
        failed: () => this.history.note(`LATE    ${region}: asks again`),
      });
      if (this.roster.peersOf(region).length > known.length) running.regroup(this.roster.peersOf(region), []);
      this.#gateways.set(region, new SimulatedGateway(`${region}-${machine.boots}`, running, life, region));
      this.history.note(`START   ${region}`);
      this.#watch((watcher) => watcher.started?.(region, running));
      return running;
    };
    const failed = (failure: unknown): void => scheduler.fail(failure instanceof Error ? failure : new Error(String(failure)));
    const shut = ({ refill }: RunningRegion): boolean => refill.left !== undefined;
    for (const [index, region] of regions.entries())
      this.#machines.set(
        region,
        new Machine({ region, scheduler, random: random.fork(20 + index), server: serverOf(region), boot, failed, shut }),
      );
    this.#looking();
  }

  machine(region: string): Machine<RunningRegion> {
    const machine = this.#machines.get(region);
    if (machine === undefined) throw new Error(`there is no region ${region}`);
    return machine;
  }

  /** The door of the region's present life; asked only while it runs. */
  gateway(region: string): SimulatedGateway | undefined {
    return this.#gateways.get(region);
  }

  get machines(): readonly Machine<RunningRegion>[] {
    return [...this.#machines.values()];
  }

  /** One region hears of the one that is added. */
  tell(region: string): void {
    this.roster.tell(region);
    this.history.note(`TOLD    ${region} of ${this.roster.joiner}`);
    const machine = this.machine(region);
    machine.life?.deliver(() => machine.running?.regroup(this.roster.peersOf(region), []));
  }

  /** Whether nothing is lost for good where a region loses its log and its mirrors, or its store as well: a store, another mirror or another log has it. */
  isSafe(struck: string, withStore: boolean): boolean {
    return this.regions.every((origin) => this.#isKept(origin, struck, withStore));
  }

  /** Whether all that anybody holds of a log is held by somebody after that. */
  #isKept(origin: string, struck: string, withStore: boolean): boolean {
    return this.machine(origin).server.epochs.every(([epoch]) => {
      const servers = this.regions.map((region) => ({ region, head: this.#logAt(region, origin, epoch) }));
      const stores = this.machines.map(({ region, store }) => ({
        region,
        head: storedLog(store, origin).held.find((held) => held.epoch === epoch)?.head ?? 0,
      }));
      const left = [
        ...servers.filter(({ region }) => region !== struck),
        ...stores.filter(({ region }) => !withStore || region !== struck),
      ];
      const kept = Math.max(...left.map(({ head }) => head));
      return [...servers, ...stores].every(({ head }) => head <= kept);
    });
  }

  /** How much of a log stands in a region's log server, as log or as mirror. */
  #logAt(region: string, origin: string, epoch: number): number {
    const log = region === origin ? this.machine(origin).server.epoch(epoch) : this.mirrors.of(region, origin, epoch);
    return log.texts.length;
  }

  /** A log holds all that mirrors and stores hold of it. */
  #isWhole(origin: string): boolean {
    const stored = this.machines.flatMap(({ store }) => storedLog(store, origin).held);
    const mirrored = this.regions.filter((region) => region !== origin).flatMap((region) => this.mirrors.held(region, origin));
    return [...stored, ...mirrored].every(({ epoch, head }) => head <= this.#logAt(origin, origin, epoch));
  }

  /** A region's disk loses its log and its mirrors, or the last messages of its log. */
  loseLog(region: string, messages: number | undefined): void {
    const { server } = this.machine(region);
    if (messages === undefined) {
      for (const [, log] of server.epochs) log.lose(0);
      this.mirrors.lose(region);
    } else {
      const log = server.epoch(server.latestEpoch);
      log.lose(Math.max(0, log.texts.length - messages));
    }
    this.history.note(`LOST    ${region}: ${messages ?? "all"} messages of its log`);
  }

  answered(person: Person, operation: Operation, region: string): void {
    this.#watch((watcher) => watcher.answered?.(person, operation, region));
  }

  moved(person: Person): void {
    this.#watch((watcher) => watcher.moved?.(person));
  }

  away(person: Person, backMs: number, againMs: number | undefined): void {
    this.#watch((watcher) => watcher.away?.(person, backMs, againMs));
  }

  /** Every event in any region's log: what really happened. */
  truth(): readonly Placed[] {
    return this.machines.flatMap(({ region, server }) =>
      server.epochs.flatMap(([epoch, { texts }]) =>
        texts.flatMap((text, index) =>
          (JSON.parse(text) as Placed["event"][]).map((event, place) => ({
            event,
            position: { origin: region, epoch, sequence: index + 1, place },
          })),
        ),
      ),
    );
  }

  /** Every region has every event, and its store too. */
  settled(): boolean {
    const heads = this.machines.map(({ region, server }) => ({
      region,
      epoch: server.latestEpoch,
      sequence: server.epoch(server.latestEpoch).texts.length,
    }));
    const isBack = this.loses === undefined || this.regions.every((region) => this.#isWhole(region));
    return this.machines.every(({ store, serving }) => {
      if (serving === undefined || !isBack) return false;
      const stored = Object.fromEntries(store.range("positions", { from: "", to: "\u{7f}" }));
      return heads.every(({ region, epoch, sequence }) => sequence === 0 || covers(stored, region, { epoch, sequence, place: 0 }));
    });
  }

  /** How far each region's store is, for a failure's text. */
  standing(): string {
    const heads = this.machines.map(
      ({ region, server }) => `${region} ${server.latestEpoch}.${server.epoch(server.latestEpoch).texts.length}`,
    );
    const stored = this.machines.map(
      ({ region, store }) => `${region} has ${JSON.stringify(Object.fromEntries(store.range("positions", { from: "", to: "\u{7f}" })))}`,
    );
    return `heads ${heads.join(", ")}; ${stored.join("; ")}`;
  }

  /** Whatever a watcher finds ends the simulation, wherever it was told. */
  #watch(tell: (watcher: Watcher) => void): void {
    try {
      for (const watcher of this.watchers) tell(watcher);
    } catch (finding) {
      this.scheduler.fail(finding instanceof Error ? finding : new Error(String(finding)));
    }
  }

  #looking(): void {
    this.scheduler.after(LOOK_MS, () => {
      for (const machine of this.machines) machine.look();
      this.#watch((watcher) => watcher.look?.());
      this.#looking();
    });
  }
}
