/** What other vantage points say: each gateway is asked what it sees and knows, and its word counts while it is fresh. */
import type { Timers } from "../../core/ports/time.ts";
import type { RoundTripRow } from "../../geodns/measured.ts";
import type { Order } from "../../geodns/orders.ts";
import type { GeoRegion } from "../../geodns/region.ts";
import type { Vote } from "../../geodns/standing.ts";
import type { SteeringSettings } from "../../geodns/steering-settings.ts";
import { askDoor } from "./ask.ts";
import { STEERING_PATH, ToldDocument } from "./told.ts";

export interface HearsayParts {
  /** What the mesh's observers know each other by. */
  readonly key: string | undefined;
  readonly timers: Timers;
  /** Read anew at every look. */
  readonly settings: () => SteeringSettings;
  /** All orders that a gateway knows. */
  readonly ordered: (all: readonly Order[]) => void;
}
interface RoundTrips {
  readonly version: string;
  readonly rows: readonly RoundTripRow[];
}
interface Heard {
  readonly atMs: number;
  readonly document: ToldDocument;
}

/** All orders and averages that a document may hold, with room to spare. */
const TOLD_CHARS = 64 * 1_048_576;

export class Hearsay {
  readonly #parts: HearsayParts;
  readonly #heard = new Map<string, Heard>();
  readonly #trips = new Map<string, RoundTrips>();
  readonly #ordersOf = new Map<string, string>();
  #isClosed = false;

  constructor(parts: HearsayParts) {
    this.#parts = parts;
  }

  /** Asks a region's gateway; one that does not answer, or tells nothing that can be read, counts as not heard. */
  async ask({ name, url }: GeoRegion): Promise<void> {
    const { key, timers, settings, ordered } = this.#parts;
    const have = new URLSearchParams({ orders: this.#ordersOf.get(name) ?? "", trips: this.#trips.get(name)?.version ?? "" });
    try {
      const { status, text } = await askDoor(new URL(`${STEERING_PATH}?${have}`, url), {
        headers: { authorization: `Bearer ${key}` },
        timeoutMs: settings().timeoutMs,
        mostChars: TOLD_CHARS,
      });
      if (status !== 200) return;
      const document = ToldDocument.parse(JSON.parse(text));
      if (this.#isClosed || document.region !== name) return;
      this.#heard.set(name, { atMs: timers.monotonicMs(), document });
      if (document.trips !== undefined) this.#trips.set(name, document.trips);
      if (document.orders === undefined) return;
      this.#ordersOf.set(name, document.orders.version);
      ordered(document.orders.all);
    } catch {
      // The look says that it does not answer; a document that is none counts as not heard.
    }
  }

  /** What a gateway told last, unless that is too long ago. */
  of(name: string): ToldDocument | undefined {
    const one = this.#heard.get(name);
    return one !== undefined && this.#isFresh(one) ? one.document : undefined;
  }

  /** How the others see a region; what it says of itself is no vote. */
  votesOn(name: string): readonly Vote[] {
    return this.#fresh().flatMap(([from, { looks }]) => {
      const vote = from === name ? undefined : looks[name];
      return vote === undefined ? [] : [{ from, ...vote }];
    });
  }

  /** How far a returning region is up its ramp, 0 to 1, by who has it farthest; undefined where nobody says so. */
  returningOf(name: string): number | undefined {
    const told = this.#fresh()
      .flatMap(([, { returning }]) => returning[name] ?? -1)
      .filter((one) => one >= 0);
    return told.length === 0 ? undefined : Math.max(...told);
  }

  /** What each gateway has measured, as it said last. */
  trips(): ReadonlyMap<string, RoundTrips> {
    return this.#trips;
  }

  /** What is under way is not heard any more. */
  close(): void {
    this.#isClosed = true;
  }

  #isFresh({ atMs }: Heard): boolean {
    const { timers, settings } = this.#parts;
    return timers.monotonicMs() - atMs <= 3 * settings().everyMs + settings().timeoutMs;
  }

  #fresh(): readonly (readonly [string, ToldDocument])[] {
    return [...this.#heard].flatMap(([from, one]) => (this.#isFresh(one) ? [[from, one.document] as const] : []));
  }
}
