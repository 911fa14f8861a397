/** The objects of the contract (§5) as schemas, for the descriptions; each must fit the type that the code works with. */
import { z } from "zod";
import type * as objects from "../../core/objects.ts";
import type * as ports from "../../core/ports/webhooks.ts";
import { deletes, policy, role, stamp, time } from "./text.ts";

const id = z.string();
const linkState = z.enum(["live", "lagging", "cut-off", "healing"]);
const conflictState = z.enum(["open", "seen", "restored"]);

export const Message = z
  .object({
    id,
    channel: id,
    author: id,
    body: z.string().nullable(),
    thread: id.nullable(),
    metadata: z.json().exactOptional(),
    createdAt: time,
    editedAt: time.nullable(),
    deleted: z.boolean(),
    origin: id,
    version: stamp,
    heads: z.array(stamp),
    reactions: z.record(z.string(), z.array(id)),
    conflict: z.object({ id, state: conflictState }).nullable(),
  })
  .meta({ id: "Message" }) satisfies z.ZodType<objects.Message>;

const channel = { id, name: z.string(), topic: z.string().nullable(), policy, deletes, createdAt: time, version: stamp };
export const Channel = z.object(channel).meta({ id: "Channel" }) satisfies z.ZodType<objects.Channel>;
export const ListedChannel = z
  .object({ ...channel, unread: z.number(), mentions: z.number(), lastMessage: Message.nullable() })
  .meta({ id: "ListedChannel" }) satisfies z.ZodType<objects.ListedChannel>;
export const Member = z.object({ user: id, role }).meta({ id: "Member" }) satisfies z.ZodType<objects.Member>;

export const SetMember = z.object({ channel: id, user: id, role }).meta({ id: "SetMember" });

export const Webhook = z
  .object({
    id,
    channel: id,
    name: z.string().nullable(),
    url: z.string(),
    events: z.array(z.string()).nullable(),
    enabled: z.boolean(),
    halted: z.object({ reason: z.enum(["failures", "gone"]), region: id, at: time }).nullable(),
    createdAt: time,
    version: stamp,
    secret: z.string().exactOptional(),
  })
  .meta({ id: "Webhook" }) satisfies z.ZodType<objects.Webhook>;
export const Attempt = z
  .object({
    id: z.string().describe("the webhook-id it was sent under"),
    kind: z.string(),
    at: time,
    attempt: z.number(),
    status: z.number().nullable(),
    outcome: z.enum(["delivered", "failed", "given-up"]),
    why: z.string().exactOptional(),
    tookMs: z.number(),
  })
  .meta({ id: "Attempt" }) satisfies z.ZodType<objects.Attempt>;
export const Trial = z
  .object({
    id: z.string().describe("the webhook-id it was sent under"),
    region: id.describe("which sent it"),
    at: time,
    outcome: z.enum(["delivered", "failed"]),
    status: z.number().nullable().describe("what the receiver answered"),
    why: z.string().exactOptional().describe("why it did not"),
    mend: z.string().exactOptional().describe("what to do about it"),
    tookMs: z.number(),
  })
  .meta({ id: "Trial" }) satisfies z.ZodType<ports.Trial>;

export const Event = z
  .object({
    position: z.string().describe("origin.epoch.sequence.place"),
    stamp,
    kind: z.string(),
    channel: id.nullable(),
    actor: id,
    command: z.string().describe("the Idempotency-Key as given"),
    at: time,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Event" }) satisfies z.ZodType<objects.WireEvent>;

export const Version = z
  .object({
    stamp,
    kind: z.enum(["sent", "edited", "deleted", "restored", "set"]),
    author: id,
    origin: id,
    value: z.json(),
    withheld: z.literal(true).exactOptional(),
    replaces: z.array(stamp),
    at: time,
    command: z.string(),
    distrusted: z.literal(true).exactOptional(),
  })
  .meta({ id: "Version" }) satisfies z.ZodType<objects.Version>;

export const Conflict = z
  .object({
    id,
    register: z.object({ kind: z.string(), channel: id, message: id.exactOptional(), field: z.string().exactOptional() }),
    rule: z.string(),
    reason: z.string(),
    versions: z.array(Version),
    winner: stamp,
    losers: z.array(stamp),
    text: z.string().exactOptional(),
    state: conflictState,
    restoredBy: stamp.exactOptional(),
  })
  .meta({ id: "Conflict" }) satisfies z.ZodType<objects.Conflict>;

export const Presence = z
  .object({ user: id, status: z.enum(["online", "away", "offline", "unknown"]), since: time, regions: z.array(id) })
  .meta({ id: "Presence" }) satisfies z.ZodType<objects.Presence>;

const peer = z.object({
  region: id,
  state: linkState,
  since: time,
  lagEvents: z.number(),
  lagMs: z.number(),
  completeTo: time.nullable(),
  done: z.number().exactOptional(),
  total: z.number().exactOptional(),
});
const sync = {
  region: id,
  state: linkState,
  at: time,
  peers: z.array(peer),
  converged: z.object({ at: time, digest: z.string() }).nullable(),
};
export const Sync = z.object(sync).meta({ id: "Sync" }) satisfies z.ZodType<objects.Sync>;
export const RegionSync = z
  .object({ ...sync, clockSkewMs: z.number(), connections: z.number(), quarantined: z.number(), degraded: z.array(z.string()) })
  .meta({ id: "RegionSync" });
const watermark = { channel: id, complete: z.record(z.string(), time.nullable()), replicatedTo: time.nullable() };
export const Watermark = z.object(watermark).meta({ id: "Watermark" }) satisfies z.ZodType<objects.Watermark>;

export const RankedRegion = z
  .object({ name: id, url: z.string(), state: z.string(), why: z.string(), share: z.number().exactOptional() })
  .meta({ id: "RankedRegion" }) satisfies z.ZodType<objects.RankedRegion>;
export const Gap = z
  .object({ channel: id, origin: id, from: z.string(), to: z.string() })
  .meta({ id: "Gap" }) satisfies z.ZodType<objects.Gap>;
export const AuditEntry = z
  .looseObject({
    seq: z.number(),
    region: id,
    at: time,
    kind: z.enum(["version", "verdict", "restore", "quarantine", "operator", "anchor"]),
    hash: z.string(),
    prev: z.string(),
  })
  .meta({ id: "AuditEntry" });
export const StoreState = z
  .object({
    name: z.string(),
    state: z.enum(["live", "slow", "behind", "unreachable"]),
    waiting: z.number(),
    ageMs: z.number(),
    why: z.string().nullable(),
  })
  .meta({ id: "StoreState" });
export const RepairStep = z.object({ why: z.string(), command: z.string() }).meta({ id: "RepairStep" });
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    hint: z.string().exactOptional(),
  })
  .meta({ id: "Problem" });
