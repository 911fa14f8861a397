/** The dashboard of stores (X2, X3, X4, X11): every metric in it is one that regions, Cassandra's exporter or the recording rules have, and Prometheus reads every line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { openMetrics } from "../../gateway/metrics.ts";
import { histogramMetrics, parseTableHistograms } from "../../regions/cassandra/table-histograms.ts";
import { run } from "./terraform.ts";
import { toolForTests } from "./tools.ts";

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] } } };
  readonly targets: readonly { readonly expr: string }[];
}

const at = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const dashboard = JSON.parse(at("deploy/grafana/stores.json")) as { readonly panels: readonly Panel[] };
const rules = at("regions/cassandra/config/gc-alerts.yaml");
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

const promtool = await toolForTests("promtool", ["/usr/bin/promtool"]);
const folder = mkdtempSync(join(tmpdir(), "atoll-dashboard-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What stands in Prometheus under a name, as those who say it do: a histogram goes by three names. */
async function known(): Promise<ReadonlySet<string>> {
  const partitions = parseTableHistograms(at("regions/cassandra/fixtures/tablehistograms.txt"));
  const exported = [
    await openMetrics({ region: "us", version: "0" }).registry.metrics(),
    histogramMetrics(partitions === undefined ? [] : [partitions]),
    at("regions/cassandra/fixtures/jmx-exporter.txt"),
  ];
  const typed = exported.flatMap((text) => [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]);
  const names = typed.flatMap(([, name = "", type]) =>
    type === "histogram" || type === "summary" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name],
  );
  const recorded = [...rules.matchAll(/record: (\S+)/g)].map(([, name = ""]) => name);
  return new Set([...names, ...recorded]);
}
const namesIn = (text: string): readonly string[] => text.match(/\b(atoll_|atoll:|jvm_)[a-z0-9_:]+/g) ?? [];

test("every metric in the dashboard, and in the rules it leans on, is one that somebody has", async () => {
  const names = await known();
  const used = [...new Set([...expressions.flatMap(namesIn), ...namesIn(rules)])];
  expect(used.length).toBeGreaterThan(15);
  expect(used.filter((name) => !names.has(name))).toEqual([]);
});

test("X3: pauses are shown with the thresholds that the alerts have, beside the latency they explain and the trend of the heap", () => {
  const pauses = dashboard.panels.find(({ targets }) => targets.some(({ expr }) => expr.startsWith("rate(jvm_gc_collection_seconds_sum")));
  expect(pauses?.fieldConfig.defaults.thresholds?.steps.map(({ value }) => value)).toEqual([null, 0.2, 0.5]);
  for (const needed of [/cassandra_read_seconds:p99/, /correlation30m/, /min_over_time\(jvm_memory_used_bytes/, /routing_mismatches/])
    expect(
      expressions.filter((expr) => needed.test(expr)),
      String(needed),
    ).not.toEqual([]);
});

test("each panel says what it is for, in a place of its own, from the Prometheus that whoever imports it names", () => {
  const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
  expect(new Set(places).size).toBe(places.length);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(places.length);
  for (const { title, description, datasource } of dashboard.panels)
    expect([title, description.length > 10, /^\$\{prometheus\}$/.test(datasource.uid)]).toEqual([title, true, true]);
});

test.skipIf(promtool === undefined)("Prometheus reads every expression", async () => {
  const rule = (expr: string, nth: number): string => `      - record: panel:${nth}\n        expr: ${JSON.stringify(expr)}\n`;
  const file = (exprs: readonly string[]): string => `groups:\n  - name: panels\n    rules:\n${exprs.map(rule).join("")}`;
  writeFileSync(join(folder, "panels.yaml"), file(expressions).replaceAll("panel:", "panel:p"));
  const { code, out } = await run(promtool!, ["check", "rules", "panels.yaml"], folder);
  expect(code, out).toBe(0);
  writeFileSync(join(folder, "broken.yaml"), file([...expressions, "rate(x["]).replaceAll("panel:", "panel:p"));
  expect((await run(promtool!, ["check", "rules", "broken.yaml"], folder)).code).not.toBe(0);
});
