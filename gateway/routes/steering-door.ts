/** Where other observers of the mesh ask what this gateway sees. They know each other by a key of the mesh, not by a user's token. */
import { Refusal } from "../../core/errors.ts";
import type { SteeringDesk } from "../../core/ports/steering.ts";
import type { App } from "../http-app.ts";
import { problemResponse } from "../problem.ts";
import { bearerIn } from "../tokens.ts";

export function steeringDoor(app: App, desk: SteeringDesk | undefined): void {
  app.get("/v1/mesh/steering", (c) => {
    const { orders, trips } = c.req.query();
    const told = desk?.tell(bearerIn(c.req.header("authorization")), {
      ...(orders === undefined ? {} : { orders }),
      ...(trips === undefined ? {} : { trips }),
    });
    if (told === undefined) return problemResponse(new Refusal("forbidden", "This is for the mesh's own observers."));
    return new Response(JSON.stringify(told), { headers: { "content-type": "application/json", "cache-control": "no-store" } });
  });
}
