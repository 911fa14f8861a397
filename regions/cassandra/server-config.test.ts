/** M3: what Atoll ships for Cassandra's servers keeps pauses short: heap, collector, memtables, thresholds. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SPLIT_BYTES } from "./buckets.ts";

const read = (name: string): string => readFileSync(join(import.meta.dirname, "config", name), "utf8");
const server = read("cassandra.yaml");
const java = read("jvm17-server.options")
  .split("\n")
  .filter((line) => line.startsWith("-"));
const valueIn = (text: string, key: string): string | undefined => new RegExp(`^\\s*${key}: (\\S+)$`, "m").exec(text)?.[1];
const msOf = (text: string | undefined): number => Number(/^(\d+)ms$/.exec(text ?? "")?.[1]);

test("the heap has one size between 8 and 16 GB", () => {
  const sizes = java.flatMap((flag) => /^-Xm[sx](\d+)G$/.exec(flag)?.[1] ?? []).map(Number);
  expect(sizes).toHaveLength(2);
  expect(sizes[0]).toBe(sizes[1]);
  expect(sizes[0]).toBeGreaterThanOrEqual(8);
  expect(sizes[0]).toBeLessThanOrEqual(16);
});

test("one collector is named, G1 or ZGC, and it aims below the warning", () => {
  const collectors = java.filter((flag) => /^-XX:\+Use\w*GC$/.test(flag));
  expect(collectors).toHaveLength(1);
  expect(["-XX:+UseG1GC", "-XX:+UseZGC"]).toContain(collectors[0]);
  const aim = java.flatMap((flag) => /^-XX:MaxGCPauseMillis=(\d+)$/.exec(flag)?.[1] ?? []).map(Number);
  if (collectors[0] === "-XX:+UseG1GC") expect(aim[0]).toBeLessThan(200);
});

test("memtables are tries by default, outside the heap", () => {
  expect(server).toMatch(/configurations:\n\s+trie:\n\s+class_name: TrieMemtable\n\s+default:\n\s+inherits: trie\n/);
  expect(valueIn(server, "memtable_allocation_type")).toBe("offheap_objects");
});

test("pauses are told at 200 ms and critical at 500 ms, by the server and by the alerts alike", () => {
  expect(msOf(valueIn(server, "gc_log_threshold"))).toBe(200);
  expect(msOf(valueIn(server, "gc_warn_threshold"))).toBe(500);
  const alerts = read("gc-alerts.yaml");
  expect([...alerts.matchAll(/> (0\.\d)\n\s+labels: \{ severity: (\w+) \}/g)].map(([, at, severity]) => [at, severity])).toEqual([
    ["0.2", "warning"],
    ["0.5", "critical"],
  ]);
});

test("JMX listens for the exporter beside the node, and partitions are watched where buckets split before", () => {
  expect(java).toContain("-Dcassandra.jmx.local.port=7199");
  expect(valueIn(server, "partition_size_warn_threshold")).toBe("100MiB");
  expect(SPLIT_BYTES).toBeLessThan(100 * 1024 * 1024);
});

test("what a crash can take back is less than what the projection brings again", () => {
  expect(valueIn(server, "commitlog_sync")).toBe("periodic");
  expect(msOf(valueIn(server, "commitlog_sync_period"))).toBeLessThan(30_000);
});

test("a commit log on a full disk ends the node's connections, and not the node by SIGBUS", () => {
  expect(valueIn(server, "commitlog_disk_access_mode")).toBe("direct");
  expect(valueIn(server, "commit_failure_policy")).toBe("stop");
});

test("this machine's Java, where there is one, takes every flag", (context) => {
  const small = java.map((flag) => flag.replace(/^(-Xm[sx])\d+G$/, "$164m").replace("/var/log/cassandra", tmpdir()));
  try {
    execFileSync("java", [...small, "-version"], { stdio: "pipe" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return context.skip();
    throw error;
  }
});
