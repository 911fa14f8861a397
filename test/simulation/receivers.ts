/** Bots that webhooks lead to: they answer, fail, hang or are gone as the plan says, and keep what came. The roads there are the region's own. */
import type { WireEvent } from "../../core/objects.ts";
import type { StateStore } from "../../core/ports/state-store.ts";
import type { Delivery, DeliveryOutcome, WebhookCarrier } from "../../core/ports/webhooks.ts";
import { HOOK_LIMITS } from "../../reconciliation/webhooks/schedule.ts";
import type { HookPlan, Mood } from "./hook-plan.ts";
import type { Life } from "./life.ts";
import type { Random } from "./random.ts";
import type { RunningRegion } from "./running-region.ts";
import type { Scheduler } from "./scheduler.ts";

/** One request as its receiver saw it. */
export interface Asked extends Delivery {
  readonly region: string;
  /** Which life of the region's process sent it. */
  readonly life: Life;
  /** The command that made the webhook: it stands in the URL. */
  readonly made: string;
  readonly id: string;
  readonly event: WireEvent;
  readonly atMs: number;
  readonly outcome: DeliveryOutcome;
  /** Whether the region heard of the outcome: it lived on. */
  heard: boolean;
}

const NO_ANSWER_MS = 5_000;
const urlOf = (made: string): string => `https://bots.example.com/${made}`;
const madeIn = (url: string): string => url.split("/")[3] ?? "";

export class Receivers {
  readonly asked: Asked[] = [];
  readonly #plan: HookPlan;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  #mended = false;
  /** Looks at each request as it is made. */
  looks: (asked: Asked) => void = () => {};

  constructor(plan: HookPlan, scheduler: Scheduler, random: Random) {
    this.#plan = plan;
    this.#scheduler = scheduler;
    this.#random = random;
  }

  static urlOf = urlOf;

  get worn(): boolean {
    return this.#plan.worn;
  }

  /** From here on all is well with everybody. */
  mend(): void {
    this.#mended = true;
  }

  carrier(region: string, life: Life): WebhookCarrier {
    return { unfitUrl: () => undefined, send: (delivery) => this.#take(region, life, delivery) };
  }

  #take(region: string, life: Life, delivery: Delivery): Promise<DeliveryOutcome> {
    const { kind, tookMs } = this.#fate();
    const outcome: DeliveryOutcome =
      kind === "hanging" ? { why: "no answer in time" } : { status: kind === "failing" ? 500 : kind === "gone" ? 410 : 204 };
    const one: Asked = {
      ...delivery,
      ...{ region, life, outcome, heard: false },
      made: madeIn(delivery.url),
      id: delivery.headers["webhook-id"] ?? "",
      event: JSON.parse(delivery.body) as WireEvent,
      atMs: this.#scheduler.nowMs,
    };
    this.asked.push(one);
    this.looks(one);
    return new Promise((answered) => {
      life.after(tookMs, () => {
        one.heard = true;
        answered(outcome);
      });
    });
  }

  #fate(): { readonly kind: Mood["kind"] | "well"; readonly tookMs: number } {
    const { nowMs } = this.#scheduler;
    const [die, wayMs] = [this.#random.next(), this.#random.between(4, 60)];
    if (this.#mended) return { kind: "well", tookMs: wayMs };
    const mood = this.#plan.moods.find(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs)?.kind;
    // Now and then one fails by itself.
    const kind = mood ?? (die < 0.04 ? "failing" : die < 0.05 ? "hanging" : "well");
    return { kind, tookMs: kind === "hanging" ? NO_ANSWER_MS : kind === "slow" ? 200 + die * 1_500 : wayMs };
  }
}

/** As if every receiver had failed 49 times in a row, which takes hours: the region's next failure halts the webhook. */
export async function wearOut(store: StateStore): Promise<void> {
  const rows = [...store.range("hooks", { from: "", to: "\u{7f}" })];
  const writes = rows.map(([key, health]) => ({ table: "hooks" as const, key, value: { ...health, failures: HOOK_LIMITS.failures - 1 } }));
  await store.commit(writes).catch(() => {}); // a full disk: they have not
}

/** What a webhook's people are shown of it in a region, asked by whichever of them may; undefined where nobody there may. */
export function shownBy({ webhooks }: RunningRegion, users: readonly string[], channel: string) {
  for (const user of users) {
    const actor = { user, roles: ["user"] } as const;
    try {
      return { actor, items: webhooks.list(actor, channel) };
    } catch {} // no member here, or none who may
  }
  return undefined;
}
