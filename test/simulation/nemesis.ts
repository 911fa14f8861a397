/** What breaks: each fault of a plan has a beginning and an end; at the end of the window everything is whole again. */
import type { Mesh } from "./mesh.ts";
import type { Fault } from "./plan.ts";

export function unleash(mesh: Mesh, fault: Fault): void {
  const { scheduler } = mesh;
  scheduler.after(fault.atMs - scheduler.nowMs, () => {
    if (mesh.quiet) return;
    mesh.history.note(`FAULT   ${fault.kind} ${mesh.regions[fault.a]} ${mesh.regions[fault.b]} for ${fault.lengthMs} ms`);
    begin(mesh, fault);
  });
}

function begin(mesh: Mesh, { kind, a, b, lengthMs, dice }: Fault): void {
  const { network, scheduler } = mesh;
  const one = mesh.regions[a] ?? "";
  const other = mesh.regions[b] ?? "";
  const machine = mesh.machine(one);
  const later = (run: () => void, delayMs = lengthMs): void => scheduler.after(delayMs, run);
  const others = mesh.regions.filter((region) => region !== one);
  const ways = (peers: readonly string[]): (readonly [string, string])[] =>
    peers.flatMap((peer) => [[one, peer] as const, [peer, one] as const]);
  const cut = (pairs: readonly (readonly [string, string])[]): void => {
    for (const [from, to] of mesh.quiet ? [] : pairs) network.cut(from, to);
  };
  const heal = (pairs: readonly (readonly [string, string])[]): void => {
    for (const [from, to] of pairs) network.heal(from, to);
  };
  const cutFor = (pairs: readonly (readonly [string, string])[]): void => {
    cut(pairs);
    later(() => heal(pairs));
  };
  switch (kind) {
    case "cut-off":
      return cutFor(ways(others));
    case "pair":
      return cutFor(ways([other]));
    case "one-way":
      return cutFor([[one, other]]);
    case "swizzle":
      for (const [index, peer] of others.entries()) {
        later(() => cut(ways([peer])), index * 300);
        later(() => heal(ways([peer])), lengthMs + (others.length - index) * 700);
      }
      return;
    case "flap":
      for (let at = 0; at < lengthMs; at += 400 + dice[0] * 1_500) {
        later(() => cut(ways(others)), at);
        later(() => heal(ways(others)), at + 200 + dice[1] * 900);
      }
      return;
    case "cut-again": {
      cut(ways(others));
      later(() => heal(ways(others)), lengthMs / 2);
      later(() => cut(ways(others)), lengthMs / 2 + 100 + dice[0] * 1_200);
      return later(() => heal(ways(others)), lengthMs + 1_500);
    }
    case "slow":
      return during(
        ways([other]).map(([from, to]) => network.way(from, to)),
        { delayMs: 300 + dice[0] * 900, jitterMs: 300 },
        later,
      );
    case "jam":
      network.jam(one, other, true);
      return later(() => network.jam(one, other, false));
    case "noise":
      return during(
        [...ways(others)].map(([from, to]) => network.way(from, to)),
        { loss: dice[0] * 0.4, repeat: dice[1] * 0.4, reorder: 0.3 },
        later,
      );
    case "crash":
      machine.crash();
      return later(() => machine.start(), 200 + lengthMs * dice[0]);
    case "power":
      machine.powerOff();
      return later(() => machine.start(), 300 + lengthMs * dice[0]);
    case "pause":
      machine.pause();
      return later(() => machine.resume(), Math.min(lengthMs, 4_000));
    case "clock":
      machine.clock.skewMs = dice[0] < 0.25 ? 3_600_000 : Math.round((dice[0] - 0.6) * 25_000);
      if (dice[1] < 0.3) machine.clock.drift = (dice[1] - 0.15) * 0.2;
      machine.crash();
      return later(() => machine.start(), 300);
    case "log-full":
      return during([machine.server.faults], { diskFull: true }, later);
    case "store-full":
      return during([machine.storeFaults], { full: true }, later);
    case "slow-disk":
      during([machine.server.faults], { slowMs: 40 + dice[0] * 400 }, later);
      return during([machine.storeFaults], { slowMs: 500 + dice[1] * 2_000 }, later);
    case "lost-answers":
      return during([machine.server.faults], { lostAnswers: 0.3 + dice[0] * 0.4 }, later);
  }
}

/** Sets these fields on every target until the fault ends. */
function during<T extends object>(targets: readonly T[], fault: Partial<T>, later: (run: () => void) => void): void {
  const before = targets.map((target) => Object.fromEntries(Object.keys(fault).map((field) => [field, target[field as keyof T]])));
  for (const target of targets) Object.assign(target, fault);
  later(() => {
    for (const [index, target] of targets.entries()) Object.assign(target, before[index]);
  });
}
