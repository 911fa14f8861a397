/** What a region counts of its own life (contract §6), as a story: whole regions, one process, no sockets. */
import { expect, test } from "vitest";
import { openMetrics } from "../../gateway/metrics.ts";
import type { ProcessLog } from "../../regions/process-log.ts";
import { watchRegion } from "../../regions/region-metrics.ts";
import { LinkedMesh } from "./linked-mesh.ts";

const SILENT = { info: () => {}, warn: () => {}, error: () => {} } as unknown as ProcessLog;

test("what is applied of the own log is timed as what comes from peers is, and a conflict is counted under the name that its record has", async () => {
  const metrics = openMetrics({ region: "us", version: "1.2.3" });
  const mesh = await LinkedMesh.open({}, (name) => (name === "us" ? { watch: watchRegion(metrics, SILENT) } : {}));
  const sample = async (start: string): Promise<number | undefined> => {
    const line = (await metrics.registry.metrics()).split("\n").find((one) => one.startsWith(start));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ")));
  };
  const { id: channel } = await mesh.do("us", "ana", { kind: "channel.create", name: "one" });
  const { id: message, version } = await mesh.do("us", "ana", { kind: "message.send", channel: String(channel), body: "Hello" });
  const applied = await sample("atoll_apply_seconds_count");
  expect(applied).toBeGreaterThanOrEqual(2);
  const edit = { kind: "message.edit", channel: String(channel), message: String(message) } as const;
  await mesh.do("us", "ana", { ...edit, body: "Hello you" });
  await mesh.do("us", "ana", { ...edit, body: "Hello all", replaces: [String(version)] });
  expect(await sample("atoll_apply_seconds_count")).toBe((applied ?? 0) + 2);
  const { register, rule } = mesh.at("us").reader.conflicts({ user: "ana", roles: ["auditor"] }, {}, { limit: 2 }).items[0] ?? {};
  expect(register?.kind).toBe("message.body");
  expect(await sample(`atoll_conflicts_total{register="${register?.kind}",rule="${rule}"`)).toBe(1);
});
