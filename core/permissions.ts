/**
 * Who may do what in a channel: deny by default. The door asks it before an event is made, and every region asks it again at apply (A4, D6).
 *
 * | act                                              | owner | moderator | member |
 * |--------------------------------------------------|-------|-----------|--------|
 * | send, react, read, edit or delete one's own, leave | yes | yes       | yes    |
 * | write in the channel's documents                 | yes   | yes       | yes    |
 * | edit or delete anybody's message                 | yes   | yes       | no     |
 * | change the channel (name, topic, policy, deletes)| yes   | yes       | no     |
 * | add a member, remove a plain member              | yes   | yes       | no     |
 * | make, change and remove webhooks, see their URLs | yes   | yes       | no     |
 * | make or unmake moderators and owners, remove them| yes   | no        | no     |
 * | see the secret of a webhook that somebody made   | yes   | no        | no     |
 *
 * The only owner of a channel neither leaves it to others nor becomes less (`commands/last-owner.ts`).
 */
import type { Role } from "./event.ts";

/** What a member may be allowed to do in a channel, by their role alone. */
export type Act =
  | "send"
  | "react"
  | "read"
  | "write-document"
  | "edit-own"
  | "delete-own"
  | "leave"
  | "edit-any"
  | "delete-any"
  | "change-channel"
  | "set-member"
  | "remove-member"
  | "set-webhook"
  | "set-role"
  | "see-secret"
  | "remove-privileged";

const MEMBER: readonly Act[] = ["send", "react", "read", "write-document", "edit-own", "delete-own", "leave"];
const MODERATOR: readonly Act[] = [...MEMBER, "edit-any", "delete-any", "change-channel", "set-member", "remove-member", "set-webhook"];
const OWNER: readonly Act[] = [...MODERATOR, "set-role", "remove-privileged", "see-secret"];
const ALLOWED: Readonly<Record<Role, readonly Act[]>> = { owner: OWNER, moderator: MODERATOR, member: MEMBER };

/** Nothing for whoever is no member (null). */
export const may = (role: Role | null, act: Act): boolean => role !== null && ALLOWED[role].includes(act);
