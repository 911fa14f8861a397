/** The contract of the history store on a real Cassandra, and what only Cassandra does: buckets, splits, timestamps, migrations. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { historyStoreContract } from "../../core/ports/history-store.contract.ts";
import { sharedCassandra } from "../../test/servers/cassandra.ts";
import { cassandraMissing } from "../../test/servers/java.ts";
import { describeWith } from "../../test/servers/needed.ts";
import type { OpenCassandra } from "./open.ts";
import { openCassandra } from "./open.ts";

describeWith("Cassandra", cassandraMissing(), () => {
  let opened: OpenCassandra;
  beforeAll(async () => {
    const { place } = await sharedCassandra();
    opened = openCassandra({
      contactPoints: [`${place.address}:${place.port}`],
      keyspace: `t${process.pid}_contract`,
      boot: `${process.pid}`,
      nowMs: Date.now,
      pause,
      mayMigrate: true,
    });
    await opened.session.version();
  });
  afterAll(() => opened.history.close());

  historyStoreContract("cassandra", async () => opened.history);
});
