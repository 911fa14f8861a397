/** What a gateway tells other observers (`GET /v1/mesh/steering`): what it sees of every region, what its own region says of itself, orders, averages. */
import { createHmac } from "node:crypto";
import { z } from "zod";
import { PLAIN_ID } from "../../core/ids.ts";

const name = z.string().regex(PLAIN_ID);
const given = { atMs: z.number().int().nonnegative(), id: z.string().max(256), by: z.string().max(256), region: name };
const Order = z.discriminatedUnion("kind", [
  z.object({ ...given, kind: z.literal("drain"), target: name, drained: z.boolean(), ratePerSecond: z.number().positive().nullable() }),
  z.object({ ...given, kind: z.literal("override"), match: z.string().max(64), regions: z.array(name).max(64).readonly().nullable() }),
]);
const Watched = z.object({
  state: z.enum(["up", "unready", "draining", "clock", "down"]),
  why: z.string().max(500),
  settled: z.boolean(),
});
const RoundTrip = z.object({
  key: z.string().max(64),
  region: name,
  ms: z.number().positive().max(60_000),
  samples: z.number().int().positive(),
  people: z.number().int().positive(),
});
export const ToldDocument = z.object({
  region: name,
  looks: z.record(name, Watched),
  /** Regions that are coming back, and how far they have come, 0 to 1. */
  returning: z.record(name, z.number().min(0).max(1)),
  load: z.number().min(0).max(10),
  converged: z.boolean(),
  cutOffMs: z.number().nonnegative(),
  connections: z.number().int().nonnegative(),
  /** Up to when all that this region accepted is in every region; null while it is not known. */
  replicatedToMs: z.number().nullable(),
  move: z.object({ ratePerSecond: z.number(), moved: z.number(), left: z.number() }).nullable(),
  /** Absent: as the asker has it. */
  orders: z.object({ version: z.string(), all: z.array(Order).max(20_000).readonly() }).exactOptional(),
  trips: z.object({ version: z.string(), rows: z.array(RoundTrip).max(50_000).readonly() }).exactOptional(),
});
export type ToldDocument = z.infer<typeof ToldDocument>;
export const StoredOrders = z.array(Order);

export const STEERING_PATH = "/v1/mesh/steering";

/** What observers of one mesh know each other by. */
export const steeringKey = (meshSecret: string): string => createHmac("sha256", meshSecret).update("steering").digest("hex");
