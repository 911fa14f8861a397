/** A1 on whole regions: they write down what each other's logs were, and stop when there is nothing new. */
import { expect, test } from "vitest";
import type { AuditEntry } from "../../core/objects.ts";
import type { Anchor } from "../../reconciliation/audit-check.ts";
import { breaksOf, ChainCheck } from "../../reconciliation/audit-check.ts";
import { LinkedMesh } from "./linked-mesh.ts";

const AUDITOR = { user: "auditor", roles: ["auditor"] } as const;

const entriesOf = (mesh: LinkedMesh, region: string): readonly AuditEntry[] =>
  mesh.at(region).reader.auditEntries(AUDITOR, { limit: 500 }).items;

function checkedAll(mesh: LinkedMesh): ReturnType<typeof breaksOf> {
  const chains = mesh.names.map((region) => {
    const chain = new ChainCheck(region);
    for (const entry of entriesOf(mesh, region)) chain.take(entry, entry["fact"]);
    return chain;
  });
  const heard = mesh.names.flatMap((by) =>
    Object.entries(mesh.at(by).reader.auditHeads(AUDITOR)).map(([of, head]): Anchor => ({ of, by, ...head })),
  );
  return breaksOf(chains, heard);
}

test("A1: regions anchor each other's logs within a minute, also across a restart, and an idle mesh writes nothing more", async () => {
  const mesh = await LinkedMesh.open();
  const channel = String((await mesh.do("us", "ana", { kind: "channel.create", name: "minutes" }))["id"]);
  for (let n = 0; n < 5; n += 1) await mesh.do("us", "ana", { kind: "message.send", channel, body: `line ${n}` });
  await mesh.time.pass(70_000);
  for (const region of mesh.names) {
    const anchored = entriesOf(mesh, region).filter(({ kind }) => kind === "anchor");
    expect([region, anchored.map(({ peer }) => peer).sort()]).toEqual([region, mesh.names.filter((name) => name !== region)]);
  }
  expect(checkedAll(mesh)).toEqual([]);
  const lengths = mesh.names.map((region) => entriesOf(mesh, region).length);
  await mesh.restart("eu");
  await mesh.time.pass(300_000);
  expect(mesh.names.map((region) => entriesOf(mesh, region).length)).toEqual(lengths);
  await mesh.do("us", "ana", { kind: "message.send", channel, body: "one more" });
  await mesh.time.pass(70_000);
  expect(checkedAll(mesh)).toEqual([]);
  expect(Object.keys(mesh.at("ap").reader.auditHeads(AUDITOR)).sort()).toEqual([...mesh.names]);
});

test("A1: auditors are shown an entry when no crash can take it back any more", async () => {
  const mesh = await LinkedMesh.open();
  const channel = String((await mesh.do("us", "ana", { kind: "channel.create", name: "minutes" }))["id"]);
  await mesh.time.pass(2_000);
  const before = entriesOf(mesh, "us").length;
  mesh.full.add("us");
  await mesh.do("eu", "ana", { kind: "message.send", channel, body: "us has this in memory alone" });
  await mesh.time.pass(2_000);
  expect(entriesOf(mesh, "us")).toHaveLength(before);
  expect(entriesOf(mesh, "eu").length).toBeGreaterThan(before);
  mesh.full.delete("us");
  await mesh.time.pass(5_000);
  expect(entriesOf(mesh, "us")).toHaveLength(before + 1);
});

test("A1: who has seen an effect finds its entry: the end of the log waits for the commit, and not for a disk that refuses", async () => {
  const mesh = await LinkedMesh.open();
  const channel = String((await mesh.do("us", "ana", { kind: "channel.create", name: "minutes" }))["id"]);
  await mesh.time.pass(2_000);
  const before = entriesOf(mesh, "us").length;
  await mesh.do("us", "ana", { kind: "message.send", channel, body: "just said" });
  await mesh.at("us").reader.audited();
  expect(entriesOf(mesh, "us")).toHaveLength(before + 1);
  mesh.full.add("us");
  await mesh.do("eu", "ana", { kind: "message.send", channel, body: "us has this in memory alone" });
  await mesh.time.pass(2_000);
  await mesh.at("us").reader.audited();
  expect(entriesOf(mesh, "us")).toHaveLength(before + 1);
});
