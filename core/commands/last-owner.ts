/**
 * A channel keeps somebody who may give roles: its only owner neither leaves it to others nor becomes less, as far as this region knows. Two owners
 * who do so on two sides of a cut may still leave none (docs/runbooks): a region that is cut off asks nobody.
 */
import { Refusal } from "../errors.ts";
import type { Deciding } from "./decision.ts";

/** Refuses with forbidden. `what` names the act to the owner who is refused. Who is alone may leave: nobody is left to need an owner. */
export function keepOwner({ view, actor }: Deciding, channel: string, what: "leave it" | "become less"): void {
  let others = 0;
  for (const { user, role } of view.members(channel)) {
    if (user === actor.user) continue;
    if (role === "owner") return;
    others += 1;
  }
  if (others === 0 && what === "leave it") return;
  throw new Refusal("forbidden", `As the only owner of this channel you may not ${what}.`, { hint: "Make somebody else an owner first." });
}
