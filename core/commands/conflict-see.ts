/** conflict.see: a person whose version lost has seen it, in whatever region they are; the marker is an event, so every region knows (H9). */
import type { CommandOf } from "../command.ts";
import { Refusal } from "../errors.ts";
import { readKey, registerKey } from "../register.ts";
import type { Deciding, Decision } from "./decision.ts";
import { policies, roleIn } from "./standing.ts";

export function seeConflict({ view, actor, contentOf }: Deciding, command: CommandOf<"conflict.see">): Decision {
  const found = view.conflict(command.conflict);
  const channel = found === undefined ? "" : readKey(found.register.key).channel;
  const own = found?.register.entries.some((entry) => entry.author === actor.user && found.record.versions.includes(entry.stamp)) ?? false;
  if (found === undefined || !(own || actor.roles.includes("auditor") || roleIn(view, channel, actor.user) !== null))
    throw new Refusal("not-found", `There is no conflict ${command.conflict.slice(0, 80)} that you may see.`);
  const of = found.record.losers.filter((stamp) =>
    found.register.entries.some((entry) => entry.stamp === stamp && entry.author === actor.user),
  );
  const unseen = of.filter((stamp) => !found.register.seen.some((seen) => seen.author === actor.user && seen.of.includes(stamp)));
  if (unseen.length === 0) return { answer: { conflict: found.record.id, seen: [] } };
  const right = view.register(registerKey.member(channel, actor.user))?.resolution.winner;
  const data = { conflict: found.record.id, register: found.register.key, of: unseen };
  return {
    events: [
      {
        kind: "conflict.seen",
        channel,
        data,
        ...(right == null ? {} : { right }),
        ...policies(view, channel),
        content: contentOf(channel, [...unseen]),
      },
    ],
  };
}
