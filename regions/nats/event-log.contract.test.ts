import { afterAll, beforeAll, describe } from "vitest";
import { eventLogContract } from "../../core/ports/event-log.contract.ts";
import { serverForTests, startTiers, type TestTiers } from "../../test/servers/nats-tiers.ts";
import { openEventLog } from "./event-log.ts";

const server = await serverForTests();

describe.skipIf(!server)("on a real server", () => {
  let tiers: TestTiers;
  let epoch = 0;
  beforeAll(async () => {
    if (server) tiers = await startTiers(["us"], server);
  });
  afterAll(() => tiers?.stop());

  eventLogContract(
    "nats",
    async () => {
      epoch += 1;
      return openEventLog({ connection: await tiers.connect("us"), origin: "us", epoch });
    },
    async (log) => {
      await tiers.kill("us", "js");
      await tiers.start("us", "js");
      return openEventLog({ connection: await tiers.connect("us"), origin: log.origin, epoch: log.epoch });
    },
  );
});
