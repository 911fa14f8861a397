/**
 * From accepted to replicated (contract §5): a region says in its watermarks up to when its own events are in every region. They come by themselves where
 * a channel is followed in the region that accepted; else, as after a move, that region is asked now and then.
 */
import type { Watermark, WireEvent } from "../../core/objects.ts";
import type { Timer } from "../../core/ports/time.ts";
import { stampTimeMs } from "../../core/stamp.ts";
import type { AskedOnce } from "./asked.ts";
import { dropOldest } from "./heard.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ReplicationParts {
  readonly surroundings: Pick<Surroundings, "timers">;
  /** A region's word about its own events; undefined where it does not answer. */
  readonly askRegion: (region: string, channel: string) => Promise<Watermark | undefined>;
}
interface Waiting {
  readonly asked: AskedOnce;
  readonly region: string;
  readonly channel: string | undefined;
  /** Of its stamp; undefined until its event has been heard. */
  timeMs: number | undefined;
}

/** Beyond that the oldest stay `accepted`. */
const REMEMBERED = 2_000;
const ASK_MS = { first: 2_000, most: 30_000 };

export class Replication {
  readonly #parts: ReplicationParts;
  readonly #waiting = new Map<string, Waiting>();
  /** Own events that came before their answers. */
  readonly #early = new Map<string, number>();
  #timer: Timer | undefined;
  #pauseMs = ASK_MS.first;

  constructor(parts: ReplicationParts) {
    this.#parts = parts;
  }

  accepted(asked: AskedOnce): void {
    if (asked.state.is !== "accepted") return;
    const { version, channel, id } = asked.result as { readonly version?: string; readonly channel?: string; readonly id?: string };
    const timeMs = version === undefined ? this.#early.get(asked.id) : stampTimeMs(version);
    this.#early.delete(asked.id);
    const named =
      channel ?? (asked.command.kind.startsWith("channel.") ? id : "channel" in asked.command ? asked.command.channel : undefined);
    this.#waiting.set(asked.id, { asked, region: asked.state.region, channel: named, timeMs });
    dropOldest(this.#waiting, REMEMBERED);
    this.#pauseMs = ASK_MS.first;
    this.#askLater();
  }

  /** One of the user's own. */
  heard({ command, stamp }: WireEvent): void {
    const waiting = this.#waiting.get(command);
    if (waiting !== undefined) waiting.timeMs ??= stampTimeMs(stamp);
    else {
      this.#early.set(command, stampTimeMs(stamp));
      dropOldest(this.#early, REMEMBERED);
    }
  }

  /** `region` has said it. */
  watermark(region: string, { replicatedTo }: Watermark): void {
    if (replicatedTo === null) return;
    const toMs = Date.parse(replicatedTo);
    for (const [id, waiting] of this.#waiting) {
      if (waiting.region !== region || waiting.timeMs === undefined || waiting.timeMs > toMs) continue;
      this.#waiting.delete(id);
      waiting.asked.everywhere();
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #askLater(): void {
    this.#timer?.cancel();
    if (this.#waiting.size > 0) this.#timer = this.#parts.surroundings.timers.after(this.#pauseMs, () => void this.#askAll());
  }

  /** Each region that somebody waits for, once, by any channel. */
  async #askAll(): Promise<void> {
    const byRegion = new Map(
      [...this.#waiting.values()].flatMap(({ region, channel, timeMs }) =>
        channel === undefined || timeMs === undefined ? [] : [[region, channel] as const],
      ),
    );
    for (const [region, channel] of byRegion) {
      const watermark = await this.#parts.askRegion(region, channel);
      if (watermark !== undefined) this.watermark(region, watermark);
    }
    this.#pauseMs = Math.min(ASK_MS.most, this.#pauseMs * 2);
    this.#askLater();
  }
}
