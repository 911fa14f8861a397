import { afterEach, describe, expect, test } from "vitest";
import { collect } from "../../core/ports/event-log.contract.ts";
import { serverForTests, startTiers, type TestTiers } from "../../test/servers/nats-tiers.ts";
import { until } from "../../test/servers/server.ts";
import { acksAreDurable } from "./durable-acks.ts";
import { openEventLog } from "./event-log.ts";
import { askJetStream, streamFacts } from "./jetstream-api.ts";
import { idHeader, publishSurely } from "./publish.ts";

const server = await serverForTests();

describe.skipIf(!server)("a region's log through the death of its server", () => {
  let tiers: TestTiers;
  const start = async (): Promise<TestTiers> => {
    if (!server) throw new Error("no server");
    tiers = await startTiers(["us"], server);
    return tiers;
  };
  afterEach(() => tiers?.stop());

  test("T3, H14: kill -9 during appends loses nothing that was acknowledged and stores nothing twice", async () => {
    await start();
    const log = await openEventLog({ connection: await tiers.connect("us"), origin: "us", epoch: 1 });
    const acked: number[] = [];
    const turns: boolean[] = [];
    log.onState(({ available }) => turns.push(available));
    let enough = false;
    const writing = (async () => {
      for (let i = 1; !enough; i += 1) acked.push(await log.append({ id: `m${i}`, text: `["m${i}"]` }));
    })();
    for (const round of [1, 2, 3]) {
      const before = acked.length;
      await until("some appends", () => acked.length > before + 50);
      await tiers.kill("us", "js");
      await until("the log says it is not available", () => !log.state().available);
      await tiers.start("us", "js");
      await until(`appends go on after kill ${round}`, () => acked.length > before + 100);
    }
    enough = true;
    await writing;
    expect(acked).toEqual(acked.map((_, i) => i + 1));
    const read = await collect(log.read(0));
    expect(read.map((message) => message.text)).toEqual(acked.map((_, i) => `["m${i + 1}"]`));
    expect(turns).toEqual([false, true, false, true, false, true]);
  });

  test("T3: an id whose answer was lost is stored once even after the server has forgotten it", async () => {
    await start();
    const connection = await tiers.connect("us");
    const windowMs = 100;
    const config = { name: "SHORT", subjects: ["short"], storage: "file", retention: "limits", duplicate_window: windowMs * 1e6 };
    await askJetStream(connection.nats, "$JS.API.STREAM.CREATE.SHORT", config, 2_000);
    const store = (id: string): Promise<{ json<T>(): T }> =>
      connection.nats.request("short", "[]", { headers: idHeader(id), timeout: 2_000 });
    await store("before");
    let asked = 0;
    /** Stores the first message, loses the answer, and comes back only when its id is forgotten. */
    const request: typeof connection.nats.request = async (...args) => {
      asked += 1;
      const reply = await connection.nats.request(...args);
      if (asked > 1) return reply;
      await store("later"); // ids are forgotten in the order they came
      await until("the id is forgotten", async () => (await store("later")).json<{ duplicate?: boolean }>().duplicate !== true);
      throw new Error("answer lost");
    };
    const nats = new Proxy(connection.nats, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name);
        return name === "request" ? request : typeof own === "function" ? own.bind(target) : own;
      },
    });
    const failed: string[] = [];
    const sequence = await publishSurely({
      connection: { ...connection, nats },
      stream: "SHORT",
      subject: "short",
      id: "once",
      text: "[]",
      after: 1,
      forgetsAfterMs: 0,
      failed: (why) => failed.push(why),
      closed: () => false,
    });
    expect([sequence, failed]).toEqual([2, ["answer lost"]]);
    expect((await streamFacts(connection.nats, "$JS.API", "SHORT", 2_000))?.state.messages).toBe(4);
  });

  test("a read that loses its server half way goes on where it was", async () => {
    await start();
    const log = await openEventLog({ connection: await tiers.connect("us"), origin: "us", epoch: 1 });
    await Promise.all(Array.from({ length: 2_500 }, (_, i) => log.append({ id: `m${i}`, text: `[${i}]` })));
    const seen: number[] = [];
    for await (const { sequence } of log.read(0)) {
      seen.push(sequence);
      if (sequence === 1_000) {
        await tiers.kill("us", "js");
        await tiers.start("us", "js");
      }
    }
    expect(seen).toEqual(Array.from({ length: 2_500 }, (_, i) => i + 1));
  });

  test("messages of half a megabyte come back whole", async () => {
    await start();
    const log = await openEventLog({ connection: await tiers.connect("us"), origin: "us", epoch: 1 });
    for (let i = 0; i < 40; i += 1) await log.append({ id: `m${i}`, text: `["${String(i).padEnd(524_000, "x")}"]` });
    let next = 0;
    for await (const { text } of log.read(0)) expect(text.slice(0, 8)).toBe(`["${String(next++).padEnd(524_000, "x")}`.slice(0, 8));
    expect(next).toBe(40);
  });

  test("L1: the server itself says that its acks are durable", async () => {
    await start();
    const monitor = `http://127.0.0.1:${tiers.servers("us").jetStream.monitorPort}`;
    expect(await acksAreDurable(monitor)).toBe(server?.durableAcks);
  });
});
