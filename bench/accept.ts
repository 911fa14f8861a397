/**
 * The road of a command: socket -> gateway -> acceptor -> packer -> JetStream -> memory -> reply.
 *   one author      p50 of a command against an awaited publish of the same bytes into another stream of the same server
 *   many authors    commands a second against a loop that publishes 20 such events a message, 16 messages in flight
 */
import { randomUUID } from "node:crypto";
import { askJetStream } from "../regions/nats/jetstream-api.ts";
import { head, inTurns, median, msSince, percentile, shown, sizeOf, tell } from "./measure.ts";
import { startMesh } from "./mesh.ts";
import { Person } from "./person.ts";

const SINGLE = Math.min(400, sizeOf(400, 150));
const AUTHORS = 256;
const EACH = Math.ceil(sizeOf(8_000, 4_000) / AUTHORS);
const PACKED = 20;
const WINDOW = 16;
const BODY = "A message as long as most that people write to each other in a channel of their own, not more.";

const mesh = await startMesh(["us"]);
try {
  const connection = await mesh.tiers.connect("us");
  const { nats } = connection;
  await askJetStream(
    nats,
    "$JS.API.STREAM.CREATE.FLOOR",
    { name: "FLOOR", subjects: ["floor.>"], storage: "file", retention: "limits", duplicate_window: 120e9 },
    5_000,
  );
  const publish = async (text: string): Promise<void> => {
    const { headers } = await import("nats");
    const fields = headers();
    fields.set("Nats-Msg-Id", randomUUID());
    const answer = (await nats.request("floor.x", text, { headers: fields, timeout: 30_000 })).json<{ readonly seq?: number }>();
    if (answer.seq === undefined) throw new Error("the floor's publish was refused");
  };

  const people = await Promise.all(
    Array.from({ length: AUTHORS }, async (_, i) => Person.connect(mesh.url("us"), await mesh.tokenOf(`author-${i}`))),
  );
  const [first] = people as [Person];
  const members = Array.from({ length: AUTHORS - 1 }, (_, i) => `author-${i + 1}`);
  const channel = String((await first.command({ kind: "channel.create", name: "bench", members }))["id"]);
  // The bytes of one event as they stand in the log.
  await first.send(channel, BODY);
  const stored = await askJetStream<{ readonly message: { readonly data: string } }>(
    nats,
    "$JS.API.STREAM.MSG.GET.OPS_us_1",
    { last_by_subj: "ops.us.1" },
    5_000,
  );
  const event = Buffer.from(stored.message.data, "base64").toString().slice(1, -1);

  head("accept: a command until it is durable and answered", { "nats-server": mesh.serverVersion });
  console.log(`an event has ${event.length} bytes; ${SINGLE} single commands, ${AUTHORS} authors with ${EACH} each, one of each in flight`);

  const timed = async (count: number, once: () => Promise<unknown>): Promise<number[]> => {
    const took: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const began = performance.now();
      await once();
      took.push(msSince(began));
    }
    return took;
  };
  await timed(100, () => first.send(channel, BODY)); // warm
  await timed(100, () => publish(`[${event}]`));
  const single = await inTurns(
    () => timed(SINGLE, () => first.send(channel, BODY)),
    () => timed(SINGLE, () => publish(`[${event}]`)),
  );

  const windowed = async (lanes: number, each: number, once: (lane: number) => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        for (let i = 0; i < each; i += 1) await once(lane);
      }),
    );
    return msSince(began);
  };
  const pack = `[${Array.from({ length: PACKED }, () => event).join(",")}]`;
  const many = await inTurns(
    async () => (AUTHORS * EACH * 1000) / (await windowed(AUTHORS, EACH, (lane) => (people[lane] as Person).send(channel, BODY))),
    async () => {
      const each = Math.ceil((AUTHORS * EACH) / PACKED / WINDOW);
      return (WINDOW * each * PACKED * 1000) / (await windowed(WINDOW, each, () => publish(pack)));
    },
  );

  tell([
    {
      name: "one author, p50",
      unit: "ms",
      ours: single.ours.map((some) => median(some)),
      floor: single.floor.map((some) => median(some)),
      target: "<= ack + 2 ms",
      compared: (ours, floor) => `+${shown(ours - floor)} ms`,
      holds: (ours, floor) => ours - floor <= 2,
    },
    {
      name: "one author, p99",
      unit: "ms",
      ours: single.ours.map((some) => percentile(some, 0.99)),
      floor: single.floor.map((some) => percentile(some, 0.99)),
      target: "told",
      holds: () => true,
    },
    {
      name: `${AUTHORS} authors`,
      unit: "events/s",
      ours: many.ours,
      floor: many.floor,
      target: ">= 0.6x packed publisher",
      holds: (ours, floor) => ours / floor >= 0.6,
    },
  ]);
  for (const person of people) person.close();
} finally {
  await mesh.stop();
}
