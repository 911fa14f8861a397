/** What honest regions accept stands in the end, everywhere and alike, however the links carried it. */
import { expect, test } from "vitest";
import { canonical } from "../../core/canonical.ts";
import type { Command } from "../../core/command.ts";
import { isGone } from "../../core/commands/message-standing.ts";
import type { Json } from "../../core/event.ts";
import { sha256 } from "../../core/hash.ts";
import { shownId } from "../../core/ids.ts";
import type { Register } from "../../core/register.ts";
import { readKey } from "../../core/register.ts";
import { stampRegion } from "../../core/stamp.ts";
import { textOf } from "../../core/text-merge.ts";
import { writesOf } from "../../core/writes.ts";
import { yjsTexts } from "../../reconciliation/text-merge.ts";
import type { Random } from "../simulation/random.ts";
import { randomOf } from "../simulation/random.ts";
import type { HonestRegion } from "./honest-mesh.ts";
import { HonestMesh, REGIONS } from "./honest-mesh.ts";
import { shownOf } from "./model.ts";
import type { World } from "./model-world.ts";

const PEOPLE = ["ana", "bo", "cy", "dee"];
const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 400);

/** Something that somebody might ask of this region now. */
function anyCommand(random: Random, id: string, { registers }: HonestRegion, channel: string): Command {
  const bodies = registers.filter(({ key }) => readKey(key).kind === "body");
  const conflicts = registers.flatMap(({ resolution }) => resolution.records);
  const what = random.below(12);
  const [user, role] = [random.pick(PEOPLE), random.pick(["owner", "moderator", "member"] as const)];
  if (what === 0) return { kind: "member.remove", id, channel, user };
  if (what <= 3) return { kind: "member.set", id, channel, user, role };
  if (what === 4)
    return {
      kind: "channel.change",
      id,
      channel,
      ...random.pick([{ name: `n${random.below(3)}` }, { policy: "merge" }, { deletes: "lww" }] as const),
    };
  if (what === 5 && conflicts.length > 0) {
    const { id: conflict, versions } = random.pick(conflicts);
    return random.chance(0.5)
      ? { kind: "conflict.see", id, conflict }
      : { kind: "conflict.restore", id, conflict, version: random.pick(versions) };
  }
  if (bodies.length === 0 || what <= 6) return { kind: "message.send", id, channel, body: `text ${random.below(3)}` };
  const { key, entries } = random.pick(bodies);
  const message = shownId("message", readKey(key).ids[0] ?? "", entries[0]?.stamp ?? "");
  if (what === 7) return { kind: "message.delete", id, channel, message };
  if (what === 8) return { kind: "reaction.set", id, channel, message, emoji: "+" };
  // A client says what its user had really seen: some old version, so that groups of conflicts join.
  const replaces = random.chance(0.3) ? { replaces: [random.pick(entries).stamp] } : {};
  return { kind: "message.edit", id, channel, message, body: `text ${random.below(3)}`, ...replaces };
}

interface Story {
  readonly mesh: HonestMesh;
  /** Every conflict id that any region ever told, with the register it was about. */
  readonly told: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

/** A text that nobody wrote. */
const isMerged = (value: Json, entries: Register["entries"]): boolean =>
  textOf(value) !== "" && !entries.some((entry) => textOf(entry.value) === textOf(value));

function play(random: Random, seed: number): Story {
  const mesh = new HonestMesh(random.chance(0.3) ? { [random.pick(REGIONS)]: 60_000 } : {});
  const [us] = mesh.regions;
  us?.submit("ana", {
    kind: "channel.create",
    id: "c",
    name: "team",
    policy: seed % 2 === 0 ? "merge" : "lww",
    members: [
      { user: "bo", role: "owner" },
      { user: "cy", role: "member" },
    ],
  });
  const channel = us?.registers.map(({ key }) => readKey(key)).find(({ kind }) => kind === "name")?.channel ?? "";
  if (random.chance(0.8)) mesh.settle();
  const [told, gone] = [new Set<string>(), new Set<string>()];
  const asked: { readonly user: string; readonly command: Command }[] = [];
  const flow = random.pick([0.2, 0.5, 0.8]);
  for (let step = 0; step < 30; step += 1) {
    const region = random.pick(mesh.regions);
    if (random.chance(flow)) region.take(random.pick(mesh.regions.filter((other) => other !== region)));
    else {
      const again = asked.length > 0 && random.chance(0.15);
      const fresh = (): (typeof asked)[number] => ({
        user: random.pick(PEOPLE),
        command: anyCommand(random, `command ${step}`, region, shownId("channel", channel, `${"0".repeat(18)}us`)),
      });
      const one = again ? random.pick(asked) : fresh();
      if (region.submit(one.user, one.command)) asked.push(one);
    }
    for (const register of region.registers) {
      for (const { id } of register.resolution.records) told.add(id);
      if (readKey(register.key).kind === "body" && isGone(register)) gone.add(register.key);
    }
  }
  mesh.settle();
  return { mesh, told, gone };
}

test(`S5, S6, S4: three honest regions agree, nothing accepted is void, no record is lost, nothing deleted returns (seeds 1..${SEEDS})`, () => {
  const found = { records: 0, joined: 0, gone: 0, witnesses: 0, twins: 0, memberships: 0, merged: 0 };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { mesh, told, gone } = play(randomOf(seed), seed);
    const [first] = mesh.regions;
    for (const region of mesh.regions) {
      for (const { key, resolution } of region.registers) {
        expect({ seed, key, void: resolution.void, pending: resolution.pending }).toEqual({ seed, key, void: [], pending: [] });
        if (gone.has(key)) expect({ seed, key, value: resolution.value }).toEqual({ seed, key, value: null });
      }
      expect([seed, canonical(region.registers)]).toEqual([seed, canonical(first?.registers)]);
      for (const table of ["digests", "memberships", "timeline", "losers", "contested", "channelConflicts"] as const) {
        const rows = (one: HonestRegion | undefined) => [...(one?.tables.range(table, { from: "", to: "\u{7f}" }) ?? [])];
        expect([seed, table, rows(region)]).toEqual([seed, table, rows(first)]);
      }
      for (const id of told) expect([seed, id, region.found(id) !== undefined]).toEqual([seed, id, true]);
      found.joined += [...told].filter((id) => region.found(id)?.id !== id).length;
    }
    found.records += told.size;
    found.gone += gone.size;
    found.merged += first?.registers.filter(({ resolution: { value }, entries }) => isMerged(value, entries)).length ?? 0;
    found.witnesses += mesh.placed.filter(({ event }) => event.kind === "clock.witnessed").length;
    found.memberships += mesh.placed.filter(({ event }) => event.kind === "member.set").length;
    found.twins += mesh.placed.length - new Set(mesh.placed.map(({ event }) => event.actor + event.command)).size;
  }
  for (const [what, count] of Object.entries(found)) expect([what, count]).not.toEqual([what, 0]);
});

test("S2, A4: what honest regions came to is what the definitions say of all their events (seeds 1..60)", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const { mesh } = play(randomOf(seed), seed);
    const world: World = {
      text: yjsTexts.text,
      writes: mesh.placed.flatMap(({ event, position }) => writesOf(event, position, sha256(canonical(event)))),
      witnesses: mesh.placed.flatMap(({ event, position }) =>
        event.kind === "clock.witnessed" ? [{ ...event.data, by: stampRegion(event.stamp), position }] : [],
      ),
    };
    for (const { key, resolution } of mesh.regions[0]?.registers ?? []) {
      const { records, ...shown } = resolution;
      const expected = shownOf(world, key);
      expect({ seed, key, ...shown, records: records.map(({ id: _, ...record }) => record) }).toEqual({ seed, key, ...expected });
    }
  }
});
