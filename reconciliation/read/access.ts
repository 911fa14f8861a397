/** Who may look where (contract §3): members into their channels, auditors into every conflict; others learn of nothing that it exists. */
import type { Actor } from "../../core/command.ts";
import { channelIdentity } from "../../core/commands/standing.ts";
import { Refusal } from "../../core/errors.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { isMemberOf } from "./member-view.ts";
import type { Viewer } from "./seeing.ts";

export const isAuditor = ({ roles }: Actor): boolean => roles.includes("auditor");
export const viewerOf = (actor: Actor): Viewer => ({ user: actor.user, auditor: isAuditor(actor) });

const unknownChannel = (channel: string): Refusal =>
  new Refusal("not-found", `There is no channel ${channel.slice(0, 80)} that you are a member of.`, {
    hint: "GET /v1/channels lists yours.",
  });

export function memberChannel(tables: TableReader, actor: Actor, channel: string): string {
  const identity = channelIdentity({ register: (key) => tables.get("registers", key) }, channel);
  if (identity === undefined || !isMemberOf(tables, actor.user, identity)) throw unknownChannel(channel);
  return identity;
}

/** For the history of versions and conflicts, which auditors read of every channel. */
export function auditedChannel(tables: TableReader, actor: Actor, channel: string): string {
  const identity = isAuditor(actor) ? channelIdentity({ register: (key) => tables.get("registers", key) }, channel) : undefined;
  return identity ?? memberChannel(tables, actor, channel);
}

export function auditorOnly(actor: Actor): void {
  if (!isAuditor(actor))
    throw new Refusal("forbidden", "Only auditors read the audit log.", { hint: "Ask for a token with the role auditor." });
}

export const unknownMessage = (message: string): Refusal =>
  new Refusal("not-found", `There is no message ${message.slice(0, 80)} in this channel here.`, {
    hint: "If it was sent in a region that is cut off, it arrives when the link is back.",
  });
export const unknownConflict = (id: string): Refusal =>
  new Refusal("not-found", `There is no conflict ${id.slice(0, 80)} that you may see.`);
