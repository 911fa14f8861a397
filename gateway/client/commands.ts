/** Commands as a client gives them: the protocol's kinds without the id, which the library chooses, and what each is answered. */
import type { Command } from "../../core/command.ts";
import type { Role } from "../../core/event.ts";
import type { Channel, Message, Webhook } from "../../core/objects.ts";

/** What each kind is answered when it is accepted: durable in the region that says so. */
export interface Answers {
  "channel.create": Channel;
  "channel.change": Channel;
  "member.set": { readonly channel: string; readonly user: string; readonly role: Role };
  "member.remove": { readonly channel: string; readonly user: string; readonly role: null };
  "message.send": Message;
  "message.edit": Message;
  "message.delete": Message;
  "reaction.set": { readonly message: string; readonly user: string; readonly emoji: string; readonly set: boolean };
  "reaction.clear": { readonly message: string; readonly user: string; readonly emoji: string; readonly set: boolean };
  "read.mark": { readonly channel: string; readonly message: string };
  "webhook.set": Webhook;
  "webhook.remove": { readonly id: string; readonly channel: string; readonly removed: boolean };
}
export type AskedKind = keyof Answers;
type Fields<C, Kind> = C extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Omit<C, "id" | "seen" | "kind"> & { readonly kind: Kind }
    : never
  : never;
/** A command without its id. */
export type Asking<Kind extends AskedKind = AskedKind> = { [K in Kind]: Fields<Command, K> }[Kind];
/** With it, as it goes over the wire: the same bytes each time, wherever it is tried. */
export type AskedCommand = Asking & { readonly id: string };
