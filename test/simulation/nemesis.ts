/** What breaks: each fault of a plan has a beginning and an end; at the end of the window everything is whole again. */
import type { Machine } from "./machine.ts";
import type { Mesh } from "./mesh.ts";
import type { Way } from "./network.ts";
import type { Fault, FaultKind } from "./plan.ts";
import type { RunningRegion } from "./running-region.ts";

export function unleash(mesh: Mesh, fault: Fault): void {
  const { scheduler } = mesh;
  scheduler.after(fault.atMs - scheduler.nowMs, () => {
    if (mesh.quiet || mesh.machine(mesh.regions[fault.a] ?? "").boots === 0) return;
    mesh.history.note(`FAULT   ${fault.kind} ${mesh.regions[fault.a]} ${mesh.regions[fault.b]} for ${fault.lengthMs} ms`);
    FAULTS[fault.kind](new Blow(mesh, fault));
  });
}

type Pair = readonly [from: string, to: string];

/** One fault while it lasts. */
class Blow {
  readonly fault: Fault;
  readonly machine: Machine<RunningRegion>;
  readonly others: readonly string[];
  readonly other: string;
  readonly one: string;
  readonly mesh: Mesh;

  constructor(mesh: Mesh, fault: Fault) {
    this.mesh = mesh;
    this.fault = fault;
    this.one = mesh.regions[fault.a] ?? "";
    this.other = mesh.regions[fault.b] ?? "";
    this.others = mesh.regions.filter((region) => region !== this.one);
    this.machine = mesh.machine(this.one);
  }

  later(run: () => void, delayMs: number = this.fault.lengthMs): void {
    this.mesh.scheduler.after(delayMs, run);
  }

  /** Both directions between the region hit and these peers. */
  pairs(peers: readonly string[]): readonly Pair[] {
    return peers.flatMap((peer) => [[this.one, peer] as const, [peer, this.one] as const]);
  }

  ways(peers: readonly string[]): readonly Way[] {
    return this.pairs(peers).map(([from, to]) => this.mesh.network.way(from, to));
  }

  cut(pairs: readonly Pair[], fromMs = 0, untilMs: number = this.fault.lengthMs): void {
    const { network } = this.mesh;
    this.later(() => {
      for (const [from, to] of this.mesh.quiet ? [] : pairs) network.cut(from, to);
    }, fromMs);
    this.later(() => {
      for (const [from, to] of pairs) network.heal(from, to);
    }, untilMs);
  }

  /** Sets these fields on every target until the fault ends. */
  during<T extends object>(targets: readonly T[], broken: Partial<T>): void {
    const before = targets.map((target) => Object.fromEntries(Object.keys(broken).map((field) => [field, target[field as keyof T]])));
    for (const target of targets) Object.assign(target, broken);
    this.later(() => {
      if (this.mesh.quiet) return; // all is mended, and what stood before may have been another fault
      this.machine.look();
      for (const [index, target] of targets.entries()) Object.assign(target, before[index]);
    });
  }
}

const FAULTS: Readonly<Record<FaultKind, (blow: Blow) => void>> = {
  "cut-off": (blow) => blow.cut(blow.pairs(blow.others)),
  pair: (blow) => blow.cut(blow.pairs([blow.other])),
  "one-way": (blow) => blow.cut([[blow.one, blow.other]]),
  /** Links go one by one and come back in another order. */
  swizzle: (blow) => {
    for (const [index, peer] of blow.others.entries())
      blow.cut(blow.pairs([peer]), index * 300, blow.fault.lengthMs + (blow.others.length - index) * 700);
  },
  flap: (blow) => {
    const [pause, length] = blow.fault.dice;
    for (let at = 0; at < blow.fault.lengthMs; at += 400 + pause * 1_500) blow.cut(blow.pairs(blow.others), at, at + 200 + length * 900);
  },
  /** The second cut comes during the reconciliation after the first. */
  "cut-again": (blow) => {
    const half = blow.fault.lengthMs / 2;
    blow.cut(blow.pairs(blow.others), 0, half);
    blow.cut(blow.pairs(blow.others), half + 100 + blow.fault.dice[0] * 1_200, blow.fault.lengthMs + 1_500);
  },
  slow: (blow) => blow.during(blow.ways([blow.other]), { delayMs: 300 + blow.fault.dice[0] * 900, jitterMs: 300 }),
  jam: (blow) => {
    const { network } = blow.mesh;
    network.jam(blow.one, blow.other, true);
    blow.later(() => network.jam(blow.one, blow.other, false));
  },
  noise: (blow) => {
    const [loss, repeat] = blow.fault.dice;
    blow.during(blow.ways(blow.others), { loss: loss * 0.4, repeat: repeat * 0.4, reorder: 0.3 });
  },
  crash: (blow) => {
    blow.machine.crash();
    blow.later(() => blow.machine.start(), 200 + blow.fault.lengthMs * blow.fault.dice[0]);
  },
  /** The process dies, and the folder of its store is moved aside before it starts again. */
  "store-lost": (blow) => {
    blow.machine.crash();
    blow.machine.loseStore();
    blow.later(() => blow.machine.start(), 200 + blow.fault.lengthMs * blow.fault.dice[0]);
  },
  /** The machine dies, its disk with it, now and then the store's as well, just when nothing would be lost for good. */
  "log-lost": (blow) => {
    const { machine, mesh, one } = blow;
    const withStore = mesh.loses === "log" && blow.fault.dice[1] < 0.3;
    const strike = (triesLeft: number): void => {
      if (mesh.quiet || triesLeft === 0) return;
      if (!mesh.isSafe(one, withStore)) {
        blow.later(() => strike(triesLeft - 1), 7);
        return;
      }
      machine.powerOff();
      if (withStore) machine.loseStore();
      mesh.loseLog(one, mesh.loses === "tail" ? 1 + Math.floor(blow.fault.dice[0] * 6) : undefined);
      blow.later(() => machine.start());
    };
    strike(200);
  },
  /** The process dies with a message on its way to a slow log, which takes it after the next life has begun; now and then soon after another death. */
  "killed-writing": (blow) => {
    const { faults } = blow.machine.server;
    faults.slowMs = 350;
    if (blow.fault.dice[1] < 0.5) {
      blow.machine.crash();
      blow.later(() => blow.machine.start(), 2);
    }
    blow.later(() => blow.machine.crash(), 110);
    blow.later(() => blow.machine.start(), 180 + blow.fault.dice[0] * 120);
    blow.later(() => Object.assign(faults, { slowMs: 0 }), 1_000);
  },
  /** It dies again and again while it comes up, each life a little longer than the last, on a disk that takes its time. */
  "dies-again": (blow) => {
    const [rest, power] = blow.fault.dice;
    blow.during([blow.machine.storeFaults], { slowMs: 200 * power });
    for (let life = 0, atMs = 0; life < 5; life += 1, atMs += 10 + rest * 150 + life * 60) {
      blow.later(() => (power < 0.3 ? blow.machine.powerOff() : blow.machine.crash()), atMs);
      blow.later(() => blow.machine.start(), atMs + 5 + rest * 100);
    }
  },
  power: (blow) => {
    blow.machine.powerOff();
    blow.later(() => blow.machine.start(), 300 + blow.fault.lengthMs * blow.fault.dice[0]);
  },
  pause: (blow) => {
    blow.machine.pause();
    blow.later(() => blow.machine.resume(), Math.min(blow.fault.lengthMs, 4_000));
  },
  /** The wall clock is wrong from the next boot on. */
  clock: (blow) => {
    const [step, drift] = blow.fault.dice;
    blow.machine.clock.skewMs = step < 0.25 ? 3_600_000 : Math.round((step - 0.6) * 25_000);
    if (drift < 0.3) blow.machine.clock.drift = (drift - 0.15) * 0.2;
    blow.machine.crash();
    blow.later(() => blow.machine.start(), 300);
  },
  "log-full": (blow) => blow.during([blow.machine.server.faults], { diskFull: true }),
  "store-full": (blow) => blow.during([blow.machine.storeFaults], { full: true }),
  "slow-disk": (blow) => {
    blow.during([blow.machine.server.faults], { slowMs: 40 + blow.fault.dice[0] * 400 });
    blow.during([blow.machine.storeFaults], { slowMs: 500 + blow.fault.dice[1] * 2_000 });
  },
  "lost-answers": (blow) => blow.during([blow.machine.server.faults], { lostAnswers: 0.3 + blow.fault.dice[0] * 0.4 }),
};
