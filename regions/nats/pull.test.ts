import { afterEach, describe, expect, test } from "vitest";
import { serverForTests, startTiers, type TestTiers } from "../../test/servers/nats-tiers.ts";
import { openEventLog } from "./event-log.ts";
import { LOCAL_API, logStream } from "./names.ts";
import { openPull } from "./pull.ts";

const server = await serverForTests();

describe.skipIf(!server)("a long tail is read", () => {
  let tiers: TestTiers;
  afterEach(() => tiers?.stop());

  test("P1: a region that takes in thousands of messages gets its turns between them: beats, answers and deliveries wait for a slice of them only", async () => {
    if (!server) throw new Error("no server");
    tiers = await startTiers(["us"], server);
    const connection = await tiers.connect("us");
    const log = await openEventLog({ connection, origin: "us", epoch: 1 });
    const count = 2_000;
    await Promise.all(Array.from({ length: count }, (_, i) => log.append({ id: `m${i}`, text: `["${"x".repeat(300)}"]` })));
    const pull = await openPull(connection.nats, { api: LOCAL_API, stream: logStream("us", 1), after: 0, timeoutMs: 2_000 });
    const sequences: number[] = [];
    const perTurn: number[] = [];
    let reading = true;
    const turn = (): void => {
      perTurn.push(sequences.length);
      if (reading) setImmediate(turn);
    };
    setImmediate(turn);
    await pull.round({ batch: count, waitMs: 1_000 }, ({ sequence }) => {
      const began = performance.now();
      while (performance.now() - began < 0.2); // what applying an event costs
      return sequences.push(sequence) > 0;
    });
    reading = false;
    expect(sequences).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    const most = Math.max(...perTurn.map((come, i) => come - (perTurn[i - 1] ?? 0)));
    expect(most).toBeLessThan(100);
  });
});
