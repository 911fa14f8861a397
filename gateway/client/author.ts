/** What somebody can ask for, in words: each is one command of the protocol, on its way when the call returns. Ids are shown ids or a channel's alias. */
import type { Deletes, Json, Policy, Role } from "../../core/event.ts";
import type { Asked } from "./asked.ts";
import type { AskedKind, Asking } from "./commands.ts";
import { AtollError } from "./errors.ts";

export interface NewChannel {
  readonly name: string;
  /** Finds the channel too, for whoever claims it first. */
  readonly alias?: string;
  readonly topic?: string | null;
  readonly policy?: Policy;
  readonly deletes?: Deletes;
  readonly members?: readonly { readonly user: string; readonly role: Role }[];
}
export interface MessageMore {
  /** Id of the message that it answers to. */
  readonly thread?: string | null;
  /** JSON of the author's own, 4 KiB at most. */
  readonly metadata?: Json;
}
export interface EditMore {
  readonly metadata?: Json;
  /** `heads` of the message as its author saw it: what came meanwhile is then a conflict, and not overwritten. Default: all that the region knows. */
  readonly replaces?: readonly string[];
}

export abstract class Author {
  abstract readonly user: string | undefined;
  abstract command<Kind extends AskedKind>(asking: Asking<Kind>, more?: { readonly id?: string }): Asked<Kind>;

  send(channel: string, body: string, more: MessageMore = {}): Asked<"message.send"> {
    return this.command<"message.send">({ kind: "message.send", channel, body, ...more });
  }
  edit(channel: string, message: string, body: string, more: EditMore = {}): Asked<"message.edit"> {
    return this.command<"message.edit">({ kind: "message.edit", channel, message, body, ...more });
  }
  delete(channel: string, message: string): Asked<"message.delete"> {
    return this.command<"message.delete">({ kind: "message.delete", channel, message });
  }
  react(channel: string, message: string, emoji: string): Asked<"reaction.set"> {
    return this.command<"reaction.set">({ kind: "reaction.set", channel, message, emoji });
  }
  unreact(channel: string, message: string, emoji: string): Asked<"reaction.clear"> {
    return this.command<"reaction.clear">({ kind: "reaction.clear", channel, message, emoji });
  }
  /** Everything up to this message is read. */
  markRead(channel: string, message: string): Asked<"read.mark"> {
    return this.command<"read.mark">({ kind: "read.mark", channel, message });
  }
  createChannel(channel: NewChannel): Asked<"channel.create"> {
    return this.command<"channel.create">({ kind: "channel.create", ...channel });
  }
  changeChannel(channel: string, change: Omit<Asking<"channel.change">, "kind" | "channel">): Asked<"channel.change"> {
    return this.command<"channel.change">({ kind: "channel.change", channel, ...change });
  }
  /** Makes somebody a member, or changes their role. */
  setMember(channel: string, user: string, role: Role = "member"): Asked<"member.set"> {
    return this.command<"member.set">({ kind: "member.set", channel, user, role });
  }
  removeMember(channel: string, user: string): Asked<"member.remove"> {
    return this.command<"member.remove">({ kind: "member.remove", channel, user });
  }
  /** AtollError `options` before it is known who we are: wait for `online()`. */
  leave(channel: string): Asked<"member.remove"> {
    if (this.user === undefined) throw new AtollError("options", "It is not known yet who leaves.", { hint: "Wait for `online()`." });
    return this.removeMember(channel, this.user);
  }
}
