/**
 * How far one connection has been given each of its channels, and hence which cursor may go with a frame (hard part H3).
 *
 * A stream is *catching* while what the client missed is read and sent, and *live* afterwards. A live stream may be *ahead*: the client came
 * from a region that had shown it more than this region has; what it has seen is not sent again, and its cursors keep saying so.
 * Most connections are plain: every stream live and none ahead. They all share one cursor text per event.
 */
import type { Conflict } from "../core/objects.ts";
import type { Position, Vector } from "../core/position.ts";
import { covers, coversAll, joinVectors } from "../core/position.ts";
import type { ClientCursor } from "./cursor.ts";
import { encodeCursor, OWN, placeOf, plainCursor, textOfVector } from "./cursor.ts";

export interface Stream {
  /** Identity of the channel, or OWN. */
  readonly channel: string;
  /** The id that clients see. */
  readonly shown: string;
  /** Where the client's own stream stood in the cursor this stream began with: events of the user below it have been given (own-events.ts). */
  readonly ownBegan: Vector;
  state: "catching" | "live" | "ended";
  /** Catching: given up to here. Live: what the client has beyond this region; empty when nothing. */
  at: Vector;
  /** Live: what this region had told when the stream was given something last, or became live. */
  given: Vector;
  /** Records that changed while the stream caught up, told at its end. */
  changed: Map<string, Conflict> | undefined;
}

export interface StandingOptions {
  /** Hello's cursor, if it had one. */
  readonly cursor: ClientCursor | undefined;
  readonly applied: Vector;
  /** Until when hello's cursor stays for channels that are not subscribed yet; absent when hello named its channels. */
  readonly holdUntilMs?: number | undefined;
  readonly now: () => number;
  /** Cursors name it. */
  readonly mesh: string | undefined;
}

const NOTHING: Vector = {};
/** Longer lists are not worth a held cursor. */
const HELD_STREAMS = 200;

export class Standing {
  readonly #streams = new Map<string, Stream>();
  #stopped: Map<string, Vector> | undefined;
  /** Streams that ended while they caught up or were ahead: what cursors say from then on would say too much, or too little, of them. */
  #left: Map<string, Vector> | undefined;
  readonly #now: () => number;
  readonly #mesh: string | undefined;
  readonly began: ClientCursor;
  readonly own: Stream;
  #holdUntilMs: number | undefined;
  /** Streams that catch up or are ahead. */
  #special = 0;

  constructor({ cursor, applied, holdUntilMs, now, mesh }: StandingOptions) {
    this.began = cursor ?? plainCursor(applied);
    this.#holdUntilMs = cursor === undefined ? undefined : holdUntilMs;
    this.#now = now;
    this.#mesh = mesh;
    this.own = this.begin(OWN, OWN, this.began);
    if (cursor === undefined) this.settle(this.own, applied);
  }

  stream(channel: string): Stream | undefined {
    return this.#streams.get(channel);
  }

  /** Channels that are followed, own stream not among them. */
  channels(): readonly string[] {
    return [...this.#streams.keys()].filter((channel) => channel !== OWN);
  }

  /** Starts a stream: from the cursor given with it, else from where it stopped on this connection, else from hello's. */
  begin(channel: string, shown: string, cursor?: ClientCursor): Stream {
    const from = cursor ?? this.began;
    const at = cursor === undefined ? (this.#stopped?.get(channel) ?? placeOf(from, channel)) : placeOf(from, channel);
    const stream: Stream = { channel, shown, ownBegan: placeOf(from, OWN), state: "catching", at, given: NOTHING, changed: undefined };
    this.#streams.set(channel, stream);
    this.#left?.delete(channel);
    this.#special += 1;
    return stream;
  }

  /** The stream has been given everything up to `applied`; from here on it is live. */
  settle(stream: Stream, applied: Vector): void {
    if (stream.state !== "catching") return;
    stream.state = "live";
    stream.given = applied;
    if (coversAll(applied, stream.at)) {
      stream.at = NOTHING;
      this.#special -= 1;
    }
  }

  /** Live events have passed a live stream by: it begins again behind what it was given last, and is to catch up. */
  rewind(stream: Stream): boolean {
    if (stream.state !== "live") return false;
    if (stream.at === NOTHING) this.#special += 1;
    stream.at = joinVectors(stream.given, stream.at);
    stream.state = "catching";
    return true;
  }

  end(channel: string, applied: Vector): void {
    const stream = this.#streams.get(channel);
    if (stream === undefined) return;
    const place = placeAt(stream, applied);
    this.#stopped ??= new Map();
    this.#stopped.set(channel, place);
    if (stream.state === "catching" || stream.at !== NOTHING) {
      this.#special -= 1;
      this.#leave(channel, place);
    }
    stream.state = "ended";
    this.#streams.delete(channel);
  }

  #leave(channel: string, place: Vector): void {
    this.#left ??= new Map();
    this.#left.delete(channel);
    this.#left.set(channel, place);
    const [oldest] = this.#left.keys();
    if (this.#left.size > HELD_STREAMS && oldest !== undefined) this.#left.delete(oldest);
  }

  /** Whether a live event at this position is news to the client. */
  isNews(stream: Stream, position: Position): boolean {
    return stream.state === "live" && (stream.at === NOTHING || !covers(stream.at, position.origin, position));
  }

  /** Whether frames of this connection may carry the one cursor that all plain connections share. */
  isPlain(applied: Vector): boolean {
    if (this.#holdUntilMs !== undefined && (this.#now() >= this.#holdUntilMs || this.#streams.size > HELD_STREAMS))
      this.#holdUntilMs = undefined;
    if (this.#special > 0) this.#forgetReached(applied);
    return this.#special === 0 && this.#holdUntilMs === undefined && (this.#left?.size ?? 0) === 0;
  }

  /** The cursor after everything this connection has been given, when the region has applied `applied`. */
  cursor(applied: Vector): string {
    return encodeCursor(this.isPlain(applied) ? plainCursor(applied) : this.#places(applied), this.#mesh);
  }

  #places(applied: Vector): ClientCursor {
    const held = this.#holdUntilMs === undefined ? undefined : this.began;
    const channels = new Map(held?.channels ?? []);
    for (const stream of this.#streams.values()) channels.set(stream.channel, placeAt(stream, applied));
    const base = held?.base ?? mostCommon([...channels.values()]);
    for (const [channel, place] of this.#left ?? []) channels.set(channel, place);
    return { base, channels };
  }

  #forgetReached(applied: Vector): void {
    for (const stream of this.#streams.values()) {
      if (stream.state !== "live" || stream.at === NOTHING || !coversAll(applied, stream.at)) continue;
      stream.at = NOTHING;
      this.#special -= 1;
    }
  }
}

const placeAt = (stream: Stream, applied: Vector): Vector =>
  stream.state === "catching" ? stream.at : stream.at === NOTHING ? applied : joinVectors(applied, stream.at);

/** The vector that most channels share: the fewer exceptions, the shorter the cursor. */
function mostCommon(vectors: readonly Vector[]): Vector {
  const counts = new Map<string, { readonly vector: Vector; count: number }>();
  for (const vector of vectors) {
    const text = textOfVector(vector);
    const counted = counts.get(text);
    if (counted === undefined) counts.set(text, { vector, count: 1 });
    else counted.count += 1;
  }
  return [...counts.values()].reduce((best, other) => (other.count > best.count ? other : best)).vector;
}
