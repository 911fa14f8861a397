/** The one list of regions: what it may hold, what is refused and with which words, and what may become of it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { localTopology } from "./mesh/local-topology.ts";
import { parseTopology, present, readTopology, type TopologyFault } from "./topology.ts";
import { changeBetween, vanished } from "./topology-change.ts";
import { topologySchema } from "./topology-shape.ts";

const region = (name: string, port: number, more: object = {}): object => ({
  name,
  url: `http://127.0.0.1:${port}`,
  ws: `ws://127.0.0.1:${port}/v1/connect`,
  link: [`nats://127.0.0.1:${port + 1_000}`],
  latitude: 1,
  longitude: 2,
  ...more,
});
const text = (...regions: readonly object[]): string => JSON.stringify({ zone: "atoll.test", regions });

function problemsOf(given: string): readonly string[] {
  try {
    parseTopology(given);
    return [];
  } catch (error) {
    return (error as TopologyFault).problems;
  }
}

test("a list is read with what is not said filled in", () => {
  const [us] = parseTopology(text(region("us", 1_000))).regions;
  expect(us).toMatchObject({ name: "us", weight: 1, drained: false, retired: false, providers: {} });
});

test.each([
  ["a name twice", [region("us", 1_000), region("us", 1_001)], /region us is in the list twice.*another name/],
  ["names that DNS cannot tell apart", [region("us", 1_000), region("US", 1_001)], /region us is in the list twice/],
  [
    "an unknown peer",
    [region("us", 1_000, { peers: { ue: ["nats://h:1"] } }), region("eu", 1_001)],
    /peer ue that is not in the list \(us, eu\)/,
  ],
  ["itself as a peer", [region("us", 1_000, { peers: { us: ["nats://h:1"] } })], /names itself as its peer/],
  ["one port for two regions", [region("us", 1_000), region("eu", 1_000)], /both listen on 127\.0\.0\.1:1000.*region eu another port/],
  [
    "a link on the port of a door",
    [region("us", 1_000), region("eu", 2_000)],
    /us \(links\) and region eu \(users\) both listen on 127\.0\.0\.1:2000/,
  ],
  ["one index for two regions", [region("us", 1_000, { index: 1 }), region("eu", 1_001)], /same index 1: write "index": 0 for eu/],
  ["nobody that serves", [region("us", 1_000, { retired: true })], /every region is retired/],
  ["an unknown field", [region("us", 1_000, { lattitude: 3 })], /regions\[0\].*lattitude/],
  ["a place that is none", [region("us", 1_000, { latitude: 91 })], /regions\[0\]\.latitude/],
  ["a password in a link", [region("us", 1_000, { link: ["nats://a:b@h:1"] })], /regions\[0\]\.link\[0\]: like nats:\/\/gw-1/],
])("a list with %s is refused, and the line says what mends it", (_, regions, words) => {
  expect(problemsOf(text(...regions)).join("\n")).toMatch(words);
});

test("every problem of a list is named at once", () => {
  expect(problemsOf(text(region("us", 1_000, { peers: { xx: ["nats://h:1"] } }), region("eu", 1_000))).length).toBe(3);
  expect(problemsOf("{")[0]).toMatch(/^the topology is no JSON/);
  expect(() => readTopology("/nowhere/topology.json")).toThrow("ENOENT");
});

test("a region that is renamed, or taken out, is refused: its name stands in every stamp", () => {
  const before = parseTopology(text(region("us", 1_000), region("eu", 1_001)));
  const renamed = parseTopology(text(region("us", 1_000), region("europe", 1_001)));
  expect(vanished(before.regions, renamed)).toEqual([
    'region eu is called europe now: a name is for ever; write "name": "eu", "displayName": "europe"',
  ]);
  const out = parseTopology(text(region("us", 1_000)));
  expect(vanished(before.regions, out)[0]).toMatch(/put it back, with "retired": true/);
  expect(vanished(["us", "eu"], out)[0]).toMatch(/region eu is gone/);
});

test("regions come, retire and come back; their index and name stay taken", () => {
  const three = localTopology([{ name: "us" }, { name: "eu" }, { name: "ap" }], 8_800);
  const four = localTopology([{ name: "us" }, { name: "eu" }, { name: "ap" }, { name: "sa" }], 8_800);
  const gone = localTopology([{ name: "us" }, { name: "eu", retired: true }, { name: "ap" }, { name: "sa" }], 8_800);
  expect(changeBetween(three, four)).toEqual({ added: ["sa"], retired: [] });
  expect(changeBetween(four, gone)).toEqual({ added: [], retired: ["eu"] });
  expect(changeBetween(gone, four)).toEqual({ added: ["eu"], retired: [] });
  expect(present(gone).map(({ url }) => url)).toEqual([8_800, 8_802, 8_803].map((port) => `http://127.0.0.1:${port}`));
  expect(vanished(four.regions, gone)).toEqual([]);
});

test("the JSON schema that stands beside the code is what the code reads", () => {
  const kept: unknown = JSON.parse(readFileSync(new URL("topology.schema.json", import.meta.url), "utf8"));
  expect(kept).toEqual(JSON.parse(JSON.stringify(topologySchema())));
});
