/** C11: from the reply to a removal on, that region gives the person nothing of the channel, until somebody adds them again. */
import { identityIn } from "../../../core/ids.ts";
import type { Client } from "../client.ts";
import type { Mesh, Watcher } from "../mesh.ts";
import { Violation } from "../violation.ts";

/** What was waiting in the connection's queue when the reply came still leaves: sockets take little at once here. */
const QUEUE_MS = 400;

/** These reach their user by their own stream. */
const OWN_KINDS = ["channel.created", "read.marked", "webhook.set", "webhook.removed"];

interface Removal {
  readonly region: string;
  readonly user: string;
  readonly channel: string;
  readonly fromMs: number;
  untilMs: number;
}

export function watchRemovals(mesh: Mesh): Watcher & { readonly judge: (clients: readonly Client[]) => void } {
  const removals: Removal[] = [];
  const end = (region: string, user: string, channel: string | null): void => {
    for (const removal of removals)
      if (removal.region === region && removal.user === user && removal.channel === channel)
        removal.untilMs = Math.min(removal.untilMs, mesh.scheduler.nowMs);
  };
  return {
    started: (region, running) => {
      running.feed.listen(({ placed: { event } }) => {
        // Whatever is told of this membership later may make them a member again; only the plain case is judged.
        if (event.kind === "member.set" || event.kind === "clock.witnessed") {
          if (event.kind === "member.set") end(region, event.data.user, event.channel);
          else for (const { user, channel } of removals) end(region, user, channel);
        }
      });
    },
    answered: (_person, { command, attempts }, region) => {
      if (command.kind !== "member.remove" || attempts.at(-1)?.replayed) return;
      const channel = identityIn("channel", command.channel) ?? "";
      if (mesh.machine(region).serving?.reader.isMember(command.user, channel)) return;
      removals.push({ region, user: command.user, channel, fromMs: mesh.scheduler.nowMs + QUEUE_MS, untilMs: Number.POSITIVE_INFINITY });
    },
    judge: (clients) => {
      for (const { user, given } of clients)
        for (const { event, region, atMs } of given) {
          const isOwn =
            event.kind.startsWith("member.") || event.kind === "webhook.halted"
              ? event.data["user"] === user
              : event.actor === user && OWN_KINDS.includes(event.kind);
          if (event.channel === null || isOwn) continue;
          const channel = identityIn("channel", event.channel) ?? "";
          const removal = removals.find(
            (one) => one.region === region && one.user === user && one.channel === channel && one.fromMs < atMs && atMs < one.untilMs,
          );
          if (removal !== undefined)
            throw new Violation(
              "C11",
              `${region} gave ${user} ${event.kind} ${event.position} although the removal from ${event.channel} was acknowledged`,
            );
        }
    },
  };
}
