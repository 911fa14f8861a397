/** The stores beside the embedded one, for operators: how far they have come, how they are read, what to repair. */
import { z } from "zod";
import type { Actor } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import type { StoreDesk } from "../../core/ports/store-modes.ts";
import { READ_CONSISTENCIES, STORE_MODES } from "../../core/ports/store-modes.ts";
import type { Context } from "../context.ts";
import { RepairStep, StoreState } from "../protocol/objects.ts";
import type { Route } from "./route.ts";
import { items, read } from "./route.ts";

const group = "stores";
const Setting = z.object({ mode: z.enum(STORE_MODES), consistency: z.enum(READ_CONSISTENCIES) });
const Change = z.strictObject({ mode: z.enum(STORE_MODES).exactOptional(), consistency: z.enum(READ_CONSISTENCIES).exactOptional() });

export const storeRoutes: readonly Route[] = [
  read({
    group,
    ofMesh: true,
    path: "/v1/stores",
    summary: "Stores that follow this region: how far they have come, and how history is read (operators)",
    answer: Setting.extend({ items: z.array(StoreState) }),
    run: ({ context, actor }) => stateOf(desk(context, actor)),
  }),
  read({
    group,
    ofMesh: true,
    method: "put",
    path: "/v1/stores/mode",
    summary: "Reads history in another way until the region is restarted (operators)",
    body: Change,
    answer: Setting.extend({ items: z.array(StoreState) }),
    run: ({ context, actor, body }) => {
      const its = desk(context, actor);
      its.set(body);
      return stateOf(its);
    },
  }),
  read({
    group,
    ofMesh: true,
    path: "/v1/stores/repair-plan",
    summary: "What to repair in the history store, hot channels first (operators)",
    answer: items(RepairStep),
    run: async ({ context, actor }) => ({ items: await desk(context, actor).repairPlan() }),
  }),
];

const stateOf = (its: StoreDesk) => ({ ...its.setting(), items: its.stores() });

function desk({ parts }: Context, actor: Actor): StoreDesk {
  if (!actor.roles.includes("operator"))
    throw new Refusal("forbidden", "Only operators see to the stores.", { hint: "Ask for a token with the role operator." });
  if (parts.desk === undefined) throw new Refusal("not-found", "This region has no stores beside the embedded one.");
  return parts.desk;
}
