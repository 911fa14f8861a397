/** Logs of three regions in which people of one or two channels did everything there is to do, cut off from each other again and again, from one seed. */
import type { Command } from "../../core/command.ts";
import type { Event, Placed, Role } from "../../core/event.ts";
import { identityOf } from "../../core/identity.ts";
import { shownId } from "../../core/ids.ts";
import { readKey } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";
import { formatStamp } from "../../core/stamp.ts";
import type { Random } from "../simulation/random.ts";
import { OneRegion } from "./one-region.ts";

const REGIONS = ["us", "eu", "ap"] as const;
export type Logs = ReadonlyMap<string, readonly Placed[]>;
const PEOPLE = ["ana", "bo", "cy"];
const ROLES: readonly Role[] = ["owner", "moderator", "member", "member"];
const T0 = 1_700_000_000_000;
type Asking = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;

interface Playing {
  readonly random: Random;
  readonly regions: readonly OneRegion[];
  /** Commands given so far, which somebody may repeat in another region. */
  readonly given: { readonly user: string; readonly command: Command }[];
  /** How many of the commands move memberships, above their share. */
  readonly unrest: number;
}

/** Logs as honest regions write them. One region's clock may be an hour ahead; then its peers may say so. */
export function honestLogs(random: Random, turns: number): Logs {
  let nowMs = T0;
  const ahead = random.chance(0.4) ? random.pick(REGIONS) : undefined;
  const regions = REGIONS.map((region) => new OneRegion({ region, nowMs: () => nowMs + (region === ahead ? 3_600_000 : 0) }));
  const playing: Playing = { random, regions, given: [], unrest: random.pick([0, 0, 0.6]) };
  begin(playing);
  for (let turn = 0; turn < turns; turn += 1) {
    nowMs += random.chance(0.02) ? 90_000_000 : random.below(3);
    const region = random.pick(regions);
    if (random.chance(0.45)) region.hear(random.pick(regions.filter((one) => one !== region)), 1 + random.below(6));
    else if (ahead !== undefined && region.region !== ahead && random.chance(0.06)) region.witness(stretchOf(random, ahead, nowMs));
    else act(playing, region);
  }
  return new Map(regions.map(({ region, log }) => [region, log]));
}

function begin({ random, regions, given }: Playing): void {
  const [us] = regions as [OneRegion];
  const members = PEOPLE.slice(1).map((user) => ({ user, role: random.pick(ROLES) }));
  const command: Command = { kind: "channel.create", id: "first", name: "one", alias: "team", members };
  given.push({ user: "ana", command });
  us.do({ user: "ana", roles: ["user"] }, command);
  if (random.chance(0.7)) for (const peer of regions.slice(1)) peer.hear(us, 3);
}

function stretchOf(random: Random, origin: string, nowMs: number) {
  const from = formatStamp(T0 + 10_000 + random.below(3_600_000), 0, origin);
  return { origin, epoch: 1, from, to: formatStamp(nowMs + 3_700_000, 0, origin), offsetMs: 3_600_000, of: 3 };
}

function act({ random, regions, given, unrest }: Playing, region: OneRegion): void {
  const repeated = given.length > 0 && random.chance(0.15) ? random.pick(given) : undefined;
  const user = repeated?.user ?? random.pick(PEOPLE);
  const command = repeated?.command ?? ({ id: `c${random.below(400)}`, ...asked(random, region, random.chance(unrest)) } as Command);
  given.push({ user, command });
  // What this region remembers of the command would be answered, not done again.
  if (region.log.some(({ event }) => event.actor === user && event.command === command.id)) return;
  region.do({ user, roles: random.chance(0.05) ? ["user", "auditor"] : ["user"] }, command);
  if (random.chance(0.1)) for (const peer of regions) if (peer !== region) peer.hear(region, 100);
}

function asked(random: Random, region: OneRegion, ofMembers: boolean): Asking {
  const keys = [...region.tables.range("registers", { from: "", to: "\u{7f}" })].map(([key]) => key);
  const bodies = keys.filter((key) => readKey(key).kind === "body");
  const body = bodies.length === 0 ? undefined : random.pick(bodies.slice(-4));
  const channel = random.chance(0.3) ? "team" : shownId("channel", identityOf("channel", "ana", "first"), formatStamp(T0, 0, "us"));
  const message = body === undefined ? "none" : shownId("message", readKey(body).ids[0] ?? "", formatStamp(T0, 0, "us"));
  const hooks = keys.filter((key) => readKey(key).kind === "webhook").map((key) => readKey(key).ids[0] ?? "");
  const hook = hooks.length === 0 || random.chance(0.3) ? undefined : shownId("webhook", random.pick(hooks), formatStamp(T0, 0, "us"));
  const text = `text ${random.below(3)}`;
  const at = { channel, message };
  const user = random.pick(PEOPLE);
  const records = [...region.tables.range("conflicts", { from: "", to: "\u{7f}" })].map(([id]) => id);
  const conflict = records.length === 0 ? "none" : random.pick(records);
  const versions: readonly Stamp[] = region.replica.view.conflict(conflict)?.record.versions ?? [];
  const seenStamps = region.tables.get("registers", body ?? "")?.entries.map(({ stamp }) => stamp) ?? [];
  const members: readonly (() => Asking)[] = [
    () => ({ kind: "member.set", channel, user, role: random.pick(ROLES) }),
    () => ({ kind: "member.set", channel, user: random.pick(["dee", "eli"]), role: random.pick(ROLES) }),
    () => ({ kind: "member.remove", channel, user }),
  ];
  const all: readonly (() => Asking)[] = [
    ...members,
    () => ({ kind: "message.send", channel, body: text }),
    () => ({ kind: "message.send", channel, body: text }),
    () => ({ kind: "message.edit", ...at, body: text }),
    () => ({ kind: "message.edit", ...at, body: text }),
    () => ({ kind: "message.edit", ...at, body: text, replaces: seenStamps.filter(() => random.chance(0.4)) }),
    () => ({ kind: "message.delete", ...at }),
    () => ({ kind: random.pick(["reaction.set", "reaction.clear"] as const), ...at, emoji: random.pick(["👍", "🎉"]) }),
    () => ({ kind: "read.mark", ...at }),
    () => ({ kind: "document.update", channel, document: random.pick([null, "plan"]), update: Buffer.from(text).toString("base64") }),
    () => ({
      kind: "channel.change",
      channel,
      topic: text,
      ...(random.chance(0.3) ? { deletes: random.pick(["final", "lww"] as const) } : {}),
    }),
    () => ({ kind: "channel.create", name: text, alias: random.pick(["team", "other"]) }),
    () => ({
      kind: "webhook.set",
      channel,
      ...(hook === undefined ? {} : { webhook: hook }),
      url: `https://${random.below(3)}.example.com/`,
    }),
    () => ({ kind: "webhook.remove", channel, webhook: hook ?? "none" }),
    () => ({ kind: "profile.change", displayName: text }),
    () => ({ kind: "conflict.see", conflict }),
    () => ({ kind: "conflict.restore", conflict, version: versions.length === 0 ? "none" : random.pick(versions) }),
  ];
  return random.pick(ofMembers ? members : all)();
}

/** The same logs with some events changed as a faulty region might have written them: other rights, knowledge of what was to come, circles, lost causes. */
export function forgedLogs(logs: Logs, random: Random): Logs {
  const all = [...logs.values()].flat();
  const stamps = all.map(({ event }) => event.stamp);
  const share = random.pick([0.1, 0.2, 0.5]);
  const forge = (placed: Placed): Placed => {
    if (!random.chance(share)) return placed;
    const { event } = placed;
    const change = random.below(4);
    if (change === 0 && event.right !== undefined) return { ...placed, event: { ...event, right: random.pick(stamps) } as Event };
    if (change === 1) return { ...placed, event: { ...event, after: knowing(random, placed, logs) } as Event };
    if (change === 2 && "replaces" in event.data && Array.isArray(event.data.replaces)) {
      const replaces = stamps.filter((stamp) => stamp !== event.stamp && random.chance(3 / stamps.length));
      return { ...placed, event: { ...event, data: { ...event.data, replaces } } as Event };
    }
    return change === 3
      ? { ...placed, event: { ...event, actor: event.kind.startsWith("m") ? event.actor : random.pick(PEOPLE) } as Event }
      : placed;
  };
  return new Map([...logs].map(([region, log]) => [region, log.map(forge)]));
}

function knowing(random: Random, { position, event }: Placed, logs: Logs): Event["after"] {
  const after: Record<string, string> = { ...event.after };
  for (const [region, log] of logs) {
    const any = log.length === 0 ? undefined : random.pick(log).position;
    if (region !== position.origin && any !== undefined && random.chance(0.5)) after[region] = `${any.epoch}.${any.sequence}.${any.place}`;
  }
  return after;
}

/** One of the many orders in which a replica may hear of it all: each log's own order kept. */
export function interleaved(logs: Logs, random: Random): readonly Placed[] {
  const left = [...logs.values()].filter((log) => log.length > 0).map((log) => [...log]);
  const order: Placed[] = [];
  while (left.length > 0) {
    const at = random.below(left.length);
    const log = left[at] as Placed[];
    order.push(...log.splice(0, 1 + random.below(random.chance(0.2) ? 12 : 3)));
    if (log.length === 0) left.splice(at, 1);
  }
  return order;
}
