/** For auditors: the log of what was accepted and decided, its heads, and whether the regions are equal. */
import { z } from "zod";
import type { Actor, ActorRole } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { AuditEntry } from "../protocol/objects.ts";
import { anyId, limit } from "../protocol/text.ts";
import type { Route } from "./route.ts";
import { page, read } from "./route.ts";

const group = "audit";

function only(roles: readonly ActorRole[], actor: Actor): void {
  if (!actor.roles.some((role) => roles.includes(role))) throw new Refusal("forbidden", `This is for ${roles.join("s and ")}s.`);
}

export const auditRoutes: readonly Route[] = [
  read({
    group,
    path: "/v1/audit/entries",
    summary: "The audit log of this region, oldest first",
    query: z.object({ limit, after: z.string().max(1_024).exactOptional() }),
    answer: page(AuditEntry),
    run: async ({ context, actor, query: { limit: most, after } }) => {
      only(["auditor"], actor);
      const { reader } = context.parts;
      const ask = { limit: most, ...(after === undefined ? {} : { cursor: after }) };
      const page = reader.auditEntries(actor, ask);
      if (page.next !== null) return page;
      await reader.audited();
      return reader.auditEntries(actor, ask);
    },
  }),
  read({
    group,
    path: "/v1/audit/heads",
    summary: "The chain heads this region holds of every region",
    answer: z.object({ heads: z.record(z.string(), z.object({ seq: z.number(), hash: z.string() })) }),
    run: ({ context, actor }) => {
      only(["auditor"], actor);
      return { heads: context.parts.reader.auditHeads(actor) };
    },
  }),
  read({
    group,
    path: "/v1/verify",
    ofMesh: true,
    summary: "Compare every region's state, live, at one common cursor",
    query: z.object({ channel: anyId.exactOptional() }),
    answer: z.object({
      equal: z.boolean(),
      asOf: z.record(z.string(), z.string()),
      digest: z.string().nullable(),
      regions: z.record(z.string(), z.object({ digest: z.string().nullable(), events: z.number(), why: z.string().exactOptional() })),
      differences: z.array(z.object({ channel: z.string(), register: z.string(), values: z.record(z.string(), z.unknown()) })),
    }),
    run: async ({ context, actor, query }) => {
      only(["operator", "auditor"], actor);
      const report = await context.parts.verifier.verify(query);
      // Nothing is equal everywhere too: who mistypes a channel is not to be told that it is proved.
      const read = Object.values(report.regions).filter(({ digest }) => digest !== null);
      if (query.channel !== undefined && read.length > 0 && read.every(({ events }) => events === 0))
        throw new Refusal("not-found", `No region knows a channel ${query.channel}.`);
      return report;
    },
  }),
];
