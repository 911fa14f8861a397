/** Commands: what someone asks for. Parsed and normalised (NFC, limits) at the door; decided in `core/commands/`, one file a kind. */
import type { Deletes, Json, Policy, Role } from "./event.ts";
import type { Stamp } from "./stamp.ts";

/** Of the whole mesh, as the token says; what members may do in a channel is their `Role` there. */
export type ActorRole = "user" | "bot" | "operator" | "auditor";
/** Who asks, as the token says. */
export interface Actor {
  readonly user: string;
  readonly roles: readonly ActorRole[];
}

interface Asked {
  /** The Idempotency-Key: the same id by the same author, in any region, is one command (T3). */
  readonly id: string;
  /** The greatest stamp the client knows; witnessed within the bound. */
  readonly seen?: Stamp;
}
/** `channel` and `message` are ids as people write them: shown ids of either tag, or a channel's alias. */
export type Command = Asked &
  (
    | {
        readonly kind: "channel.create";
        readonly alias?: string;
        readonly name: string;
        readonly topic?: string | null;
        readonly policy?: Policy;
        readonly deletes?: Deletes;
        readonly members?: readonly { readonly user: string; readonly role: Role }[];
      }
    | {
        readonly kind: "channel.change";
        readonly channel: string;
        readonly name?: string;
        readonly topic?: string | null;
        readonly policy?: Policy;
        readonly deletes?: Deletes;
      }
    | { readonly kind: "member.set"; readonly channel: string; readonly user: string; readonly role?: Role }
    | { readonly kind: "member.remove"; readonly channel: string; readonly user: string }
    | {
        readonly kind: "message.send";
        readonly channel: string;
        readonly body: string;
        readonly thread?: string | null;
        readonly metadata?: Json;
      }
    | {
        readonly kind: "message.edit";
        readonly channel: string;
        readonly message: string;
        readonly body: string;
        readonly metadata?: Json;
        readonly replaces?: readonly Stamp[];
      }
    | { readonly kind: "message.delete"; readonly channel: string; readonly message: string }
    | { readonly kind: "reaction.set" | "reaction.clear"; readonly channel: string; readonly message: string; readonly emoji: string }
    | { readonly kind: "read.mark"; readonly channel: string; readonly message: string }
    /** `document`: null = the channel's own notes. `update`: a Yjs update (v1), base64. */
    | { readonly kind: "document.update"; readonly channel: string; readonly document: string | null; readonly update: string }
    | {
        readonly kind: "webhook.set";
        readonly channel: string;
        /** Absent: a new one. */
        readonly webhook?: string;
        readonly url?: string;
        readonly events?: readonly string[] | null;
        readonly enabled?: boolean;
        readonly name?: string | null;
        /** Its secret becomes another. */
        readonly rotate?: true;
      }
    | { readonly kind: "webhook.remove"; readonly channel: string; readonly webhook: string }
    | { readonly kind: "profile.change"; readonly displayName?: string | null; readonly avatar?: string | null }
    | { readonly kind: "conflict.restore"; readonly conflict: string; readonly version: Stamp }
    | { readonly kind: "conflict.see"; readonly conflict: string }
  );
export type CommandKind = Command["kind"];
export type CommandOf<K extends CommandKind> = Extract<Command, { readonly kind: K }>;
