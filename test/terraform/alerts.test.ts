/** The alerts: every metric in them is one that regions have, and Prometheus' own tool finds them right; they fire when they should and not before. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { openMetrics } from "../../gateway/metrics.ts";
import { showDns, showSteering } from "../../gateway/steering-metrics.ts";
import { run } from "./terraform.ts";
import { toolForTests } from "./tools.ts";

const promtool = await toolForTests("promtool", ["/usr/bin/promtool"]);
const RULES = fileURLToPath(new URL("../../deploy/prometheus", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "atoll-alerts-"));
cpSync(RULES, folder, { recursive: true });
cpSync(fileURLToPath(new URL("../../regions/cassandra/config", import.meta.url)), folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true }));

test("every metric in the alerts is one that a region or a name server has", async () => {
  const { registry } = openMetrics({ region: "us", version: "0" });
  showSteering(registry, { decisions: () => [], standings: () => [], sights: () => [], move: () => undefined });
  showDns(registry, { answered: () => [], truncated: () => 0, unanswered: () => 0, limited: () => ({ truncate: 0, drop: 0 }) });
  const known = await registry.metrics();
  const used = new Set(readFileSync(join(RULES, "alerts.yaml"), "utf8").match(/\batoll_[a-z_]+/g));
  expect(used.size).toBeGreaterThan(4);
  expect([...used].filter((name) => !known.includes(`# TYPE ${name} `))).toEqual([]);
});

test.skipIf(promtool === undefined)("the alerts fire when they should, and the tests of them can fail", async () => {
  const { code, out } = await run(promtool!, ["check", "rules", "alerts.yaml"], folder);
  expect(code, out).toBe(0);
  const tested = await run(promtool!, ["test", "rules", "alerts.test.yaml"], folder);
  expect(tested.code, tested.out).toBe(0);
  const rules = readFileSync(join(folder, "alerts.yaml"), "utf8");
  writeFileSync(join(folder, "alerts.yaml"), rules.replace('state="cut-off"}) == 1', 'state="cut-off"}) == 2'));
  expect((await run(promtool!, ["test", "rules", "alerts.test.yaml"], folder)).code).not.toBe(0);
});

test.skipIf(promtool === undefined)(
  "X3: alerts on Cassandra: pauses of 300 and of 800 ms, reads that follow them, a heap that rises; and none too early",
  async () => {
    const { code, out } = await run(promtool!, ["test", "rules", "gc-alerts.test.yaml"], folder);
    expect(code, out).toBe(0);
  },
);
