import { expect, test } from "vitest";
import { openMetrics } from "./metrics.ts";

const NAMES =
  `build_info commands_total command_seconds events_applied_total apply_seconds connections deliveries_total delivery_seconds slow_consumers_total link_state
link_heartbeat_age_seconds link_rtt_seconds mirror_lag_events mirror_lag_seconds sequence_gaps_total conflicts_total duplicates_total presence_users presence_exchanges_total
clock_skew_seconds distrusted_stamps_total quarantined_events_total routing_entries routing_rebuild_seconds routing_mismatches_total reconnects_total heal_seconds store_seconds
audit_entries_total`.split(/\s+/);

test("every metric of the contract is there, and every sample of ours carries the region", async () => {
  const metrics = openMetrics({ region: "us", version: "1.2.3" });
  metrics.commands.inc({ kind: "message.send", outcome: "ok" });
  metrics.deliverySeconds.observe({ origin: "eu" }, 0.01);
  const lines = (await metrics.registry.metrics()).split("\n");
  for (const name of NAMES)
    expect(
      lines.some((line) => line.startsWith(`# TYPE atoll_${name} `)),
      name,
    ).toBe(true);
  const samples = lines.filter((line) => line.startsWith("atoll_"));
  expect(samples.filter((line) => !line.includes('region="us"'))).toEqual([]);
  expect(samples.some((line) => line.startsWith("atoll_commands_total{"))).toBe(true);
});
