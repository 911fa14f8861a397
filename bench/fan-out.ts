/** One channel, many sockets, messages in bursts: deliveries a second and the server's CPU a delivery, against a `ws` server that sends to each in a loop. */
import { type Crowd, openCrowd } from "./crowd.ts";
import { head, inTurns, msSince, sizeOf, tell } from "./measure.ts";

const SOCKETS = 200;
const EVENTS = sizeOf(3_200, 1_600);

async function measured(crowd: Crowd, burst: number): Promise<{ readonly perSecond: number; readonly cpuUs: number }> {
  const events = Math.ceil((burst === 1 ? EVENTS / 4 : EVENTS) / burst) * burst;
  const before = await crowd.facts();
  const began = performance.now();
  for (let sent = 0; sent < events; sent += burst) await crowd.burst(burst);
  const ms = msSince(began);
  const after = await crowd.facts();
  const deliveries = events * SOCKETS;
  return { perSecond: (deliveries * 1000) / ms, cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / deliveries };
}

const [ours, plain] = [await openCrowd("ours"), await openCrowd("plain")];
await Promise.all([ours.join(SOCKETS), plain.join(SOCKETS)]);
head(`fan-out: 1 channel, ${SOCKETS} sockets`);
const figures = [];
for (const burst of [1, 16]) {
  await measured(ours, burst);
  await measured(plain, burst);
  const came = await inTurns(
    () => measured(ours, burst),
    () => measured(plain, burst),
  );
  const name = burst === 1 ? "single messages" : `bursts of ${burst}`;
  figures.push(
    {
      name: `${name}: server CPU`,
      unit: "µs/delivery",
      ours: came.ours.map(({ cpuUs }) => cpuUs),
      floor: came.floor.map(({ cpuUs }) => cpuUs),
      target: burst === 1 ? "<= 1.1x ws loop" : "<= 0.2x ws loop",
      holds: (a: number, b: number) => a / b <= (burst === 1 ? 1.1 : 0.2),
    },
    {
      name: `${name}: rate`,
      unit: "deliveries/s",
      ours: came.ours.map(({ perSecond }) => perSecond),
      floor: came.floor.map(({ perSecond }) => perSecond),
      target: burst === 1 ? "told" : ">= 3x ws loop",
      holds: (a: number, b: number) => burst === 1 || a / b >= 3,
    },
  );
}
tell(figures);
ours.end();
plain.end();
