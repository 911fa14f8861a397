/** Where the actor stands in a channel: what it is, which role they have, and the membership version that says so (semantics D6). */
import { Refusal } from "../errors.ts";
import type { Deletes, Policy, Role } from "../event.ts";
import { identityIn, isPlainId } from "../ids.ts";
import type { Act } from "../permissions.ts";
import { may } from "../permissions.ts";
import type { Register } from "../register.ts";
import { registerKey } from "../register.ts";
import type { Stamp } from "../stamp.ts";
import type { Deciding, View } from "./decision.ts";
import { DEFAULTS } from "./decision.ts";

/** All that these questions need of a view, so that readers ask them too. */
export type Registers = Pick<View, "register">;

/** An actor in a channel that they are a member of. */
export interface Standing {
  readonly channel: string;
  readonly role: Role;
  readonly right: Stamp;
  readonly policy: Policy;
  readonly deletes: Deletes;
}

const unknownChannel = (channel: string): Refusal =>
  new Refusal("not-found", `There is no channel ${channel.slice(0, 80)} that you are a member of.`, {
    hint: "GET /v1/channels lists yours.",
  });

/** The identity behind a shown id of either tag, or behind an alias. */
export function channelIdentity(view: Registers, channel: string): string | undefined {
  const identity = identityIn("channel", channel);
  if (identity !== undefined) return identity;
  const named = isPlainId(channel) ? view.register(registerKey.alias(channel))?.resolution.value : undefined;
  return typeof named === "string" ? named : undefined;
}

/** null for whoever is no member here and now. */
export function roleIn(view: Registers, channel: string, user: string): Role | null {
  const value = view.register(registerKey.member(channel, user))?.resolution.value;
  return value === "owner" || value === "moderator" || value === "member" ? value : null;
}

/** Refuses with not-found whoever is no member: a channel's existence is no stranger's business. */
export function standing({ view, actor }: Deciding, channel: string): Standing {
  const identity = channelIdentity(view, channel);
  const membership = identity === undefined ? undefined : view.register(registerKey.member(identity, actor.user))?.resolution;
  const role = identity === undefined ? null : roleIn(view, identity, actor.user);
  if (identity === undefined || role === null || membership?.winner == null) throw unknownChannel(channel);
  return { channel: identity, role, right: membership.winner, ...policies(view, identity) };
}

/** In force in the channel as this region knows it; the defaults where nobody has said anything. */
export function policies(view: Registers, channel: string): { readonly policy: Policy; readonly deletes: Deletes } {
  const policy = view.register(registerKey.field(channel, "policy"))?.resolution.value;
  const deletes = view.register(registerKey.field(channel, "deletes"))?.resolution.value;
  return { policy: policy === "merge" ? "merge" : DEFAULTS.policy, deletes: deletes === "lww" ? "lww" : DEFAULTS.deletes };
}

/** Refuses with `forbidden`; `what` names the act to the person who is refused. */
export function allow(role: Role, act: Act, what: string): void {
  if (!may(role, act)) throw new Refusal("forbidden", `As ${role} of this channel you may not ${what}.`);
}

/**
 * The stamp that gave birth to a channel: its creation's, the smallest of its twins. A creation is judged by no right and a change is, so a
 * change made under a slow clock never passes for the birth, and a channel whose creation is not here yet has none (H9).
 */
export function bornIn(name: Register | undefined): Stamp | undefined {
  let born: Stamp | undefined;
  for (const { stamp, right } of name?.entries ?? []) if (right === undefined && (born === undefined || stamp < born)) born = stamp;
  return born;
}

/** The stamp of the channel's creation; undefined while that is not here. */
export const channelBirth = (view: Registers, channel: string): Stamp | undefined =>
  bornIn(view.register(registerKey.field(channel, "name")));

/** What a register shows; null where there is none, or nothing that stands. */
export const registerValue = (register: Register | undefined): Register["resolution"]["value"] => register?.resolution.value ?? null;
