/** Regions as clients are ranked to them, and as operators order them about. */
import { z } from "zod";
import { Refusal } from "../../core/errors.ts";
import type { SteeringDesk } from "../../core/ports/steering.ts";
import type { Context } from "../context.ts";
import { RankedRegion } from "../protocol/objects.ts";
import { time } from "../protocol/text.ts";
import type { Route } from "./route.ts";
import { items, read } from "./route.ts";

const group = "regions";
const region = z.string().min(1).max(64);
const Ordered = z
  .object({
    id: z.string(),
    kind: z.enum(["drain", "restore", "override", "override-removed"]),
    target: z.string(),
    regions: z.array(region).exactOptional(),
    ratePerSecond: z.number().exactOptional(),
    by: z.string(),
    region,
    at: time,
  })
  .meta({ id: "Ordered" });

const DrainProgress = z.object({
  region,
  drained: z.boolean(),
  connections: z.number().nullable(),
  move: z.object({ ratePerSecond: z.number(), moved: z.number(), left: z.number() }).nullable(),
  replicatedTo: time.nullable(),
  safeToStop: z.boolean().describe("drained, no socket left, and all that it accepted is elsewhere"),
});

function deskOf({ parts: { steering } }: Context): SteeringDesk {
  if (steering === undefined) throw new Refusal("unavailable", "This gateway takes no orders about regions.");
  return steering;
}

export const regionRoutes: readonly Route[] = [
  read({
    group,
    ofMesh: true,
    path: "/v1/regions",
    summary: "The regions in the order this client (or `ip`) should try them, and why",
    query: z.object({ ip: z.string().max(64).exactOptional() }),
    answer: z.object({ items: z.array(RankedRegion), scope: z.number(), ttl: z.number() }),
    run: async ({ context, actor, query, ip }) => {
      const { ranking } = context.parts;
      // Who asks for reasons is not told what is just being found out to be otherwise.
      if (actor.roles.includes("operator")) await ranking.settled?.();
      return ranking.rank(query.ip ?? ip);
    },
  }),
  read({
    group,
    ofMesh: true,
    method: "post",
    path: "/v1/regions/round-trips",
    summary: "What I measured to the regions, in ms (the least of a few `GET /healthz`): later clients near me are sent to the quicker one",
    body: z.object({ roundTrips: z.record(region, z.number().positive().max(60_000)) }),
    answer: z.object({ taken: z.number() }),
    run: ({ context, actor, body, ip }) => deskOf(context).measured(actor.user, ip, body.roundTrips),
  }),
  read({
    group,
    ofMesh: true,
    path: "/v1/regions/overrides",
    summary: "Who is sent where by an operator's word",
    answer: items(Ordered),
    run: ({ context, actor }) => {
      if (!actor.roles.includes("operator")) throw new Refusal("forbidden", "This is for operators.");
      return { items: deskOf(context).overrides() };
    },
  }),
  read({
    group,
    ofMesh: true,
    method: "put",
    isKeyed: true,
    path: "/v1/regions/overrides",
    summary: "Send a network, an ASN, a subdivision or a country to these regions first; no regions: as everybody else (operators)",
    body: z.object({ match: z.string().min(1).max(64), regions: z.array(region).max(64) }),
    answer: Ordered,
    run: ({ context, actor, body, key }) => deskOf(context).override(actor, key, body.match, body.regions),
  }),
  read({
    group,
    ofMesh: true,
    method: "post",
    isKeyed: true,
    path: "/v1/regions/{region}/drain",
    summary: "Offer the region to nobody and move its open sockets, so many a second; without a rate: within a minute (operators)",
    bodyOptional: true,
    body: z.object({ ratePerSecond: z.number().positive().max(100_000).exactOptional() }),
    answer: Ordered,
    run: ({ context, actor, params, body, key }) => deskOf(context).drain(actor, key, params.region, body.ratePerSecond),
  }),
  read({
    group,
    ofMesh: true,
    path: "/v1/regions/{region}/drain",
    summary: "How far the region is from being safe to stop (operators)",
    answer: DrainProgress,
    run: ({ context, actor, params }) => deskOf(context).progress(actor, params.region),
  }),
  read({
    group,
    ofMesh: true,
    method: "post",
    isKeyed: true,
    path: "/v1/regions/{region}/restore",
    summary: "Offer a drained region again; its clients come back by a ramp (operators)",
    answer: Ordered,
    run: ({ context, actor, params, key }) => deskOf(context).restore(actor, key, params.region),
  }),
];
