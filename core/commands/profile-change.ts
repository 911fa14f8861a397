/** profile.change: everybody's own name and picture; no channel, no rights but being oneself. */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { EVERYWHERE, registerKey } from "../register.ts";
import type { Stamp } from "../stamp.ts";
import type { Deciding, Decision } from "./decision.ts";
import { DEFAULTS, headsOf } from "./decision.ts";

const FIELDS = ["displayName", "avatar"] as const;

export function changeProfile({ view, actor, contentOf }: Deciding, command: CommandOf<"profile.change">): Decision {
  const changed = FIELDS.filter((field) => command[field] !== undefined);
  if (changed.length === 0)
    throw new Refusal("invalid", "Nothing to change is named.", { hint: `Give at least one of ${FIELDS.join(", ")}.` });
  const told = Object.fromEntries(changed.map((field) => [field, command[field] ?? null]));
  const replaces: Record<string, readonly Stamp[]> = {};
  for (const field of changed) replaces[field] = headsOf(view.register(registerKey.profile(actor.user, field)));
  return {
    events: [{ kind: "profile.changed", channel: null, data: { ...told, replaces }, ...DEFAULTS, content: contentOf(EVERYWHERE, told) }],
  };
}
