/** Which events belong to a user's own stream: they reach all of the user's connections, whatever these follow (contract §5). */
import type { WireEvent } from "../core/objects.ts";

/** Must say what the replica says when it tells an event's users and indexes it under them. */
export function ownerOf({ kind, actor, data }: WireEvent): string | undefined {
  switch (kind) {
    case "member.set":
    case "member.removed":
    case "webhook.halted":
      return typeof data["user"] === "string" ? data["user"] : undefined;
    case "channel.created":
    case "read.marked":
    case "webhook.set":
    case "webhook.removed":
    case "profile.changed":
      return actor;
    default:
      return undefined;
  }
}
