/**
 * How far the data is (P3): the region's state to everybody whenever it changes, and the watermarks of channels that are followed. While all is
 * live a watermark says something new only to those who wait for what just happened to be everywhere; so it is told until it covers the
 * channel's last event, and then rests.
 */
import type { Sync, Watermark } from "../core/objects.ts";
import type { SyncBoard } from "../core/ports/boards.ts";
import type { Told } from "../core/ports/feed.ts";
import type { Reader } from "../core/ports/reader.ts";
import { stampTimeMs } from "../core/stamp.ts";
import type { Routing } from "./routing.ts";
import { wireFrame } from "./wire-frame.ts";

export class SyncNews {
  readonly #board: SyncBoard;
  readonly #reader: Reader;
  readonly #routing: Routing;
  /** Channel -> time of its last event, until a watermark covers it. */
  readonly #awaited = new Map<string, number>();
  readonly #lastTold = new Map<string, string>();

  constructor(board: SyncBoard, reader: Reader, routing: Routing) {
    this.#board = board;
    this.#reader = reader;
    this.#routing = routing;
  }

  tellSync(sync: Sync): void {
    const frame = wireFrame(JSON.stringify({ type: "sync", sync }), true);
    for (const connection of this.#routing.connections()) connection.outbox.push(frame);
    // What was complete has changed for every channel, not only for the busy ones.
    for (const channel of this.#routing.followed()) if (!this.#awaited.has(channel)) this.#awaited.set(channel, 0);
  }

  happened(channel: string, { wire }: Told): void {
    this.#awaited.set(channel, Math.max(this.#awaited.get(channel) ?? 0, stampTimeMs(wire.stamp)));
  }

  /** Once a second. */
  tellWatermarks(): void {
    const isLive = this.#board.sync().state === "live";
    const channels = isLive ? [...this.#awaited.keys()] : [...this.#routing.followed()];
    for (const channel of channels) {
      const followers = this.#routing.followers(channel);
      const lastMs = this.#awaited.get(channel) ?? 0;
      if (followers.size === 0) this.#forget(channel);
      else {
        const watermark = { ...this.#board.watermark(channel), channel: this.#reader.shownChannel(channel) };
        const text = JSON.stringify({ type: "watermark", ...watermark });
        if (text !== this.#lastTold.get(channel)) tell(followers, text);
        this.#lastTold.set(channel, text);
        if (isLive && isCovered(watermark, lastMs)) this.#forget(channel);
      }
    }
  }

  #forget(channel: string): void {
    this.#awaited.delete(channel);
    this.#lastTold.delete(channel);
  }
}

const isCovered = ({ complete, replicatedTo }: Watermark, timeMs: number): boolean =>
  [...Object.values(complete), replicatedTo].every((time) => time !== null && Date.parse(time) >= timeMs);

function tell(followers: ReturnType<Routing["followers"]>, text: string): void {
  const frame = wireFrame(text, true);
  for (const connection of followers) connection.outbox.push(frame);
}
