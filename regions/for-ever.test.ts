import { expect, test } from "vitest";
import { openMemoryStore } from "./embedded/memory-store.ts";
import { checkForEver } from "./for-ever.ts";
import { CannotServe } from "./refusal.ts";
import { parseTopology } from "./topology.ts";

const topology = parseTopology(
  JSON.stringify({
    zone: "atoll.test",
    regions: ["us", "eu"].map((name, i) => ({
      name,
      url: `http://127.0.0.1:${8_800 + i}`,
      ws: `ws://127.0.0.1:${8_800 + i}/v1/connect`,
      latitude: 0,
      longitude: 0,
    })),
  }),
);

test("a data folder is served under the name and the mesh secret it was made with, and under no other", async () => {
  const store = openMemoryStore();
  await checkForEver(store, topology, "us", "the first secret");
  await checkForEver(store, topology, "us", "the first secret");
  await expect(checkForEver(store, topology, "eu", "the first secret")).rejects.toThrow(/belongs to region us/);
  const another = checkForEver(store, topology, "us", "another secret");
  await expect(another).rejects.toBeInstanceOf(CannotServe);
  await expect(another).rejects.toThrow(/another ATOLL_MESH_SECRET.*Give that one back/);
  expect(store.get("facts", "mesh secret")).not.toContain("first");
});
