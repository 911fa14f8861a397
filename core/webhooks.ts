/** What a webhook is: its value in its register, its secret, and how a delivery is signed (Standard Webhooks 1.0.0). */
import { createHmac } from "node:crypto";
import type { Event, Json } from "./event.ts";
import { hmac256, shortHash } from "./hash.ts";
import { identityOf } from "./identity.ts";
import type { Identity } from "./ids.ts";
import type { Register } from "./register.ts";
import { readKey } from "./register.ts";
import type { Stamp } from "./stamp.ts";
import { stampTimeMs } from "./stamp.ts";
import { writesOf } from "./writes.ts";

/** Kinds of events that a webhook can be told: what all members of its channel are told. */
export const HOOKED_KINDS = [
  "channel.changed",
  "member.set",
  "member.removed",
  "message.sent",
  "message.edited",
  "message.deleted",
  "reaction.set",
  "reaction.cleared",
] as const;

/** What the register of a webhook holds. */
export interface WebhookValue {
  readonly url: string;
  readonly events: readonly string[] | null;
  readonly enabled: boolean;
  readonly generation: number;
  readonly name: string | null;
}

/** What the register says now; undefined where nobody made the webhook, or it is removed. */
export function webhookValue(register: Register | undefined): WebhookValue | undefined {
  const value = register?.resolution.value;
  return typeof value === "object" && value !== null ? (value as unknown as WebhookValue) : undefined;
}

/** Stamp of the creation: the smallest of its twins; while it is not here, of the earliest change that is. */
export function bornWebhook({ key, entries }: Register): Stamp {
  const identity = readKey(key).ids[0];
  const births = entries.filter(({ author, command }) => identityOf("webhook", author, command) === identity);
  return least(births.length > 0 ? births : entries);
}
const least = (entries: readonly { readonly stamp: Stamp }[]): Stamp =>
  entries.reduce((first, { stamp }) => (stamp < first ? stamp : first), entries[0]?.stamp ?? "");

/** Both secrets sign for so long after a rotation. */
const ROTATING_MS = 24 * 3_600_000;

/** Generations whose secrets sign now: the present one, and for a day after a rotation the one before. */
export function signingGenerations(register: Register, { generation }: WebhookValue, nowMs: number): readonly number[] {
  const since = least(register.entries.filter(({ value }) => generationIn(value) === generation));
  const rotating = generation > 1 && since !== "" && nowMs - stampTimeMs(since) < ROTATING_MS;
  return rotating ? [generation, generation - 1] : [generation];
}
const generationIn = (value: Json): number | undefined =>
  typeof value === "object" && value !== null && "generation" in value ? Number(value["generation"]) : undefined;

/** A region said of the version `of` that nobody delivers to it any more. */
export interface Halt {
  readonly of: Stamp;
  readonly reason: "failures" | "gone";
}
/** Why no region delivers to the webhook as it stands; undefined: they do. */
export function haltOf(webhook: Register | undefined, halt: Register | undefined): Halt | undefined {
  const said = halt?.resolution.value as unknown as Halt | null | undefined;
  return said != null && said.of === webhook?.resolution.winner ? said : undefined;
}

const SECRET = "whsec_";

/** Derived alike in every region from the mesh's secret, so that it is kept nowhere and travels in no event. */
export type WebhookSecret = (webhook: Identity, generation: number) => string;
/** `whsec_…` as Standard Webhooks writes secrets; a generation more is another secret of the same webhook. */
export function webhookSecrets(meshSecret: string): WebhookSecret {
  const key = hmac256(meshSecret, "webhooks");
  return (webhook, generation) => SECRET + createHmac("sha256", key).update(`${webhook}\n${generation}`).digest("base64");
}

/** The value of `webhook-signature`: one for each secret, by spaces. `atS` in seconds since 1970. */
export function signatureOf(secrets: readonly string[], { id, atS, body }: Signed): string {
  const signed = `${id}.${atS}.${body}`;
  return secrets
    .map(
      (secret) =>
        `v1,${createHmac("sha256", Buffer.from(secret.slice(SECRET.length), "base64"))
          .update(signed)
          .digest("base64")}`,
    )
    .join(" ");
}
/** What a delivery carries beside its body. */
export const deliveryHeaders = (secrets: readonly string[], signed: Signed): Readonly<Record<string, string>> => ({
  "content-type": "application/json",
  "webhook-id": signed.id,
  "webhook-timestamp": String(signed.atS),
  "webhook-signature": signatureOf(secrets, signed),
});
/** What a delivery's signature is made over; `atS` in seconds since 1970. */
export interface Signed {
  readonly id: string;
  readonly atS: number;
  readonly body: string;
}

/**
 * The id by which a receiver knows a delivery again: the same over retries, restarts and regions. Twins, one command accepted in two regions that
 * could not reach each other, have the same.
 */
export function deliveryId(webhook: Identity, event: Event): string {
  const [write] = writesOf(event, { origin: "", epoch: 0, sequence: 0, place: 0 }, "");
  return `evt_${shortHash(["delivery", webhook, event.actor, event.command, event.kind, write?.key, event.content].join("\n"))}`;
}
