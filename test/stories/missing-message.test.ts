/** M4: somebody misses a message and asks what became of it: where it was accepted, who has it, and how far a region is complete that lacks it. */
import { expect, test } from "vitest";
import type { Refusal } from "../../core/errors.ts";
import { LinkedMesh } from "./linked-mesh.ts";

const ANA = { user: "ana", roles: ["user"] } as const;

test("a message of a region that is cut off is traced on both sides, during the cut and after it", async () => {
  const mesh = await LinkedMesh.open();
  const channel = String((await mesh.do("us", "ana", { kind: "channel.create", name: "lost and found" }))["id"]);
  await mesh.time.pass(2_000);
  mesh.cut("us");
  await mesh.time.pass(3_000);
  const message = String((await mesh.do("us", "ana", { kind: "message.send", channel, body: "where am I?" }))["id"]);
  await mesh.time.pass(2_000);
  const trace = (region: string) => mesh.at(region).tracer.trace(ANA, channel, message);
  const states = (region: string) => Object.fromEntries(trace(region).holders.map((holder) => [holder.region, holder.state]));

  expect(trace("us")).toMatchObject({ message, channel, author: "ana", position: { origin: "us", epoch: 1 } });
  expect(states("us")).toEqual({ us: "applied", eu: "not-yet", ap: "not-yet" });
  const refused = ((): Refusal => {
    try {
      trace("eu");
    } catch (refusal) {
      return refusal as Refusal;
    }
    throw new Error("eu cannot know it");
  })();
  expect(refused.code).toBe("not-found");
  expect(refused.hint).toMatch(/accepted in us; all that us accepted up to 2026-01-05T10:00:\d\d\.\d{3}Z is here/);

  mesh.heal();
  await mesh.time.pass(6_000);
  expect(states("eu")).toEqual({ us: "applied", eu: "applied", ap: "applied" });
  expect(states("us")).toEqual({ us: "applied", eu: "applied", ap: "applied" });
  const [, peer] = trace("us").holders;
  expect(Date.parse(peer?.asOf ?? "")).toBeGreaterThan(mesh.nowMs - 1_000);
});

test("strangers learn nothing by tracing", async () => {
  const mesh = await LinkedMesh.open();
  const channel = String((await mesh.do("us", "ana", { kind: "channel.create", name: "ours" }))["id"]);
  const message = String((await mesh.do("us", "ana", { kind: "message.send", channel, body: "secret" }))["id"]);
  expect(() => mesh.at("us").tracer.trace({ user: "eve", roles: ["user"] }, channel, message)).toThrow(/no channel/);
});
