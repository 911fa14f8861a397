import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { histogramMetrics, parseTableHistograms } from "./table-histograms.ts";

/** Said by nodetool of Cassandra 5.0.9: 18,000 messages in one partition, 40 partitions of 50. */
const REAL = readFileSync(join(import.meta.dirname, "fixtures/tablehistograms.txt"), "utf8");
const EMPTY = readFileSync(join(import.meta.dirname, "fixtures/tablehistograms-empty.txt"), "utf8");

test("X2 M2: what nodetool really says is read: partitions, cells, sstables, latencies", () => {
  const found = parseTableHistograms(REAL);
  expect(found).toMatchObject({ keyspace: "probe", table: "messages" });
  expect(found?.partitionBytes).toEqual({ p50: 29_521, p95: 51_012, p99: 10_090_808, min: 24_602, max: 10_090_808 });
  expect(found?.cellCount).toMatchObject({ p50: 50, max: 20_501 });
  expect(found?.sstables).toMatchObject({ p50: 0, p95: 1, max: 1 });
  expect(found?.readMicros).toMatchObject({ p50: 446, p99: 2_759, max: 20_501 });
  expect(found?.writeMicros).toMatchObject({ p50: 642, p99: 2_299 });
});

test("a table that holds nothing gives no sample, and no error", () => {
  const found = parseTableHistograms(EMPTY);
  expect(found?.table).toBe("conflicts");
  expect(found === undefined ? "" : histogramMetrics([found])).not.toContain("NaN");
});

test("as Prometheus text: one sample a quantile, one head a name", () => {
  const text = histogramMetrics([parseTableHistograms(REAL)!]);
  expect(
    text.match(/^atoll_store_partition_bytes\{keyspace="probe",table="messages",quantile="(0\.5|0\.95|0\.99|1)"\} \d+/gm),
  ).toHaveLength(4);
  expect(text.match(/^# TYPE atoll_store_partition_bytes gauge$/gm)).toHaveLength(1);
});

test("anything else is no histogram", () => {
  for (const text of ["", "nodetool: Failed to connect", REAL.replace("Percentile", "Per"), REAL.replace("Partition Size", "Size")])
    expect(parseTableHistograms(text)).toBeUndefined();
});
