/**
 * Test deliveries: one signed request with an event that nobody made, at once and only once, whatever state the webhook is in. Nothing of it is
 * queued, tried again, counted as a failure, or written down.
 */
import { Refusal } from "../../core/errors.ts";
import { shortHash } from "../../core/hash.ts";
import type { Timers } from "../../core/ports/time.ts";
import type { Trial, WebhookCarrier } from "../../core/ports/webhooks.ts";
import type { Register } from "../../core/register.ts";
import { mendOfDelivery } from "../../core/webhook-mends.ts";
import { deliveryHeaders, signingGenerations, type WebhookSecret, type WebhookValue } from "../../core/webhooks.ts";
import { Slots } from "./slots.ts";

export interface TrialsParts {
  readonly region: string;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly secretOf: WebhookSecret;
  /** Absent: this process brings nothing to anybody. */
  readonly carrier: WebhookCarrier | undefined;
}
export interface Tested {
  readonly webhook: string;
  readonly register: Register;
  readonly value: WebhookValue;
  /** Shown ids. */
  readonly shown: { readonly channel: string; readonly webhook: string };
  readonly user: string;
  /** The same again is the same delivery to its receiver. */
  readonly key: string;
}

/** Whoever may set webhooks must not turn a region against a receiver. */
const EVERY_MS = 5_000;
const AT_ONCE = 4;

export class Trials {
  readonly #parts: TrialsParts;
  readonly #slots = new Slots(AT_ONCE);
  readonly #lastMs = new Map<string, number>();

  constructor(parts: TrialsParts) {
    this.#parts = parts;
  }

  /** Refusals: unavailable where this process has not the role, too-many-requests within five seconds of the last one. */
  async run(tested: Tested): Promise<Trial> {
    const { carrier } = this.#parts;
    if (carrier === undefined)
      throw new Refusal("unavailable", "This process brings nothing to webhooks.", {
        hint: "Ask another region, or give it the role: ATOLL_ROLES with webhooks.",
      });
    this.#notTooOften(tested.webhook);
    return this.#slots.run(() => this.#send(carrier, tested));
  }

  async #send(carrier: WebhookCarrier, { webhook, register, value, shown, user, key }: Tested): Promise<Trial> {
    const { region, timers, nowMs, secretOf } = this.#parts;
    const [now, startedMs] = [nowMs(), timers.monotonicMs()];
    const at = new Date(now).toISOString();
    const id = `evt_${shortHash(["test", webhook, user, key].join("\n"))}`;
    const event = { kind: "webhook.test", channel: shown.channel, actor: user, command: key, at };
    const body = JSON.stringify({ ...event, data: { webhook: shown.webhook, region } });
    const secrets = signingGenerations(register, value, now).map((generation) => secretOf(webhook, generation));
    const headers = deliveryHeaders(secrets, { id, atS: Math.floor(now / 1_000), body });
    const outcome = await carrier.send({ url: value.url, headers, body });
    const mend = mendOfDelivery(outcome);
    const status = "status" in outcome ? outcome.status : null;
    return {
      ...{ id, region, at, status },
      outcome: status !== null && status >= 200 && status < 300 ? "delivered" : "failed",
      ...("why" in outcome ? { why: outcome.why } : {}),
      ...(mend === undefined ? {} : { mend }),
      tookMs: Math.round(timers.monotonicMs() - startedMs),
    };
  }

  #notTooOften(webhook: string): void {
    const now = this.#parts.timers.monotonicMs();
    for (const [one, lastMs] of this.#lastMs) if (now - lastMs >= EVERY_MS) this.#lastMs.delete(one);
    const lastMs = this.#lastMs.get(webhook);
    if (lastMs !== undefined)
      throw new Refusal("too-many-requests", "This webhook was tested a moment ago.", {
        retryAfterS: Math.ceil((lastMs + EVERY_MS - now) / 1_000),
      });
    this.#lastMs.set(webhook, now);
  }
}
