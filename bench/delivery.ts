/**
 * From a send in one region to a reader's socket in another, against a bare NATS message over the same two tiers and the same link. The link
 * is loopback here, or slower by `--delay MS` one way.
 */
import { head, inTurns, median, percentile, shown, sizeOf, tell, WORDS } from "./measure.ts";
import { startMesh } from "./mesh.ts";
import { Person } from "./person.ts";

const COUNT = sizeOf(300, 150);
const DELAY_MS = Number(WORDS[0] ?? 0);
const BODY = "A message as long as most that people write to each other in a channel of their own, not more.";

const mesh = await startMesh(["us", "eu"]);
try {
  mesh.tiers.delay("us", "eu", DELAY_MS);
  const writer = await Person.connect(mesh.url("us"), await mesh.tokenOf("writer"));
  const reader = await Person.connect(mesh.url("eu"), await mesh.tokenOf("reader"));
  const channel = String((await writer.command({ kind: "channel.create", name: "bench", members: ["reader"] }))["id"]);
  for (;;) {
    const follows = await reader.subscribe(channel).then(
      () => true,
      () => false,
    );
    if (follows) break;
    await new Promise((later) => setTimeout(later, 50));
  }
  const [here, there] = [(await mesh.tiers.connect("us")).nats, (await mesh.tiers.connect("eu")).nats];
  let arrived: (atMs: number) => void = () => {};
  there.subscribe("tell.bench.us", { callback: () => arrived(performance.now()) });
  await there.flush();

  /** One after the other, each waited for. */
  const each = async (send: (nth: number) => void): Promise<number[]> => {
    const took: number[] = [];
    for (let nth = 0; nth < COUNT; nth += 1) {
      const began = performance.now();
      const atMs = await new Promise<number>((told) => {
        arrived = told;
        send(nth);
      });
      took.push(atMs - began);
      await new Promise((later) => setTimeout(later, 5));
    }
    return took;
  };
  const ours = (): Promise<number[]> => {
    reader.onEvent = () => arrived(performance.now());
    return each(() => void writer.send(channel, BODY));
  };
  const floor = (): Promise<number[]> => {
    reader.onEvent = () => {};
    return each(() => here.publish("tell.bench.us", BODY));
  };
  head(`delivery: us -> eu, one message after the other (${COUNT} a round, link +${DELAY_MS} ms one way)`, {
    "nats-server": mesh.serverVersion,
  });
  await ours();
  const came = await inTurns(ours, floor);
  tell([
    {
      name: "send in us -> socket in eu, p50",
      unit: "ms",
      ours: came.ours.map(median),
      floor: came.floor.map(median),
      target: "<= link + 5 ms",
      compared: (a, b) => `+${shown(a - b)} ms`,
      holds: (a, b) => a - b <= 5,
    },
    {
      name: "the same, p99",
      unit: "ms",
      ours: came.ours.map((some) => percentile(some, 0.99)),
      floor: came.floor.map((some) => percentile(some, 0.99)),
      target: "told",
      compared: (a, b) => `+${shown(a - b)} ms`,
      holds: () => true,
    },
  ]);
  writer.close();
  reader.close();
} finally {
  await mesh.stop();
}
