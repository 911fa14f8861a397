/**
 * What one connection is to be sent: a bounded queue of finished frames, and one write per connection and turn of the event loop, because the
 * system call is what a delivery costs (performance.md B1). Frames wait here, shared between connections, and not in the socket: a client that
 * does not read costs references, not copies.
 */
import type { Timers } from "../core/ports/time.ts";
import type { GatewayLimits } from "./parts.ts";
import type { FrameSocket, WireFrame } from "./wire-frame.ts";

/** Writes the outboxes that have something to say, together, at the end of this turn of the event loop. */
export class Flusher {
  #waiting: Outbox[] = [];
  #joined = new Map<WireFrame, { readonly frames: readonly WireFrame[]; readonly bytes: Buffer }[]>();
  /** Runs something in the next turn of the event loop. */
  readonly soon: (run: () => void) => void;

  constructor(soon: (run: () => void) => void = setImmediate) {
    this.soon = soon;
  }

  wake(outbox: Outbox): void {
    if (this.#waiting.push(outbox) === 1) this.soon(() => this.#flush());
  }

  /** The frames in one piece. Connections that are sent the same frames share the piece. */
  join(frames: readonly WireFrame[]): Buffer {
    const [first] = frames;
    if (first === undefined || frames.length === 1) return first?.bytes ?? Buffer.alloc(0);
    if (!frames.every(({ shared }) => shared)) return Buffer.concat(frames.map(({ bytes }) => bytes));
    const known = this.#joined.get(first) ?? [];
    const same = known.find((piece) => piece.frames.length === frames.length && piece.frames.every((frame, i) => frame === frames[i]));
    if (same !== undefined) return same.bytes;
    const bytes = Buffer.concat(frames.map((frame) => frame.bytes));
    known.push({ frames, bytes });
    this.#joined.set(first, known);
    return bytes;
  }

  #flush(): void {
    const outboxes = this.#waiting;
    this.#waiting = [];
    for (const outbox of outboxes) outbox.flush();
    this.#joined.clear();
  }
}

export interface OutboxParts {
  readonly socket: FrameSocket;
  readonly flusher: Flusher;
  readonly timers: Timers;
  readonly limits: Pick<GatewayLimits, "slowBytes" | "slowMs" | "queueBytes" | "socketBytes">;
  /** The client does not read: called once. */
  readonly slow: () => void;
}

export class Outbox {
  readonly #parts: OutboxParts;
  #queue: WireFrame[] = [];
  #queuedBytes = 0;
  #woken = false;
  #closed = false;
  #aboveSinceMs: number | undefined;
  #awaitingRoom: (() => void)[] = [];
  #serving = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    parts.socket.onDrain(this.#written);
  }

  push(frame: WireFrame): void {
    if (this.#closed) return;
    this.#queue.push(frame);
    this.#queuedBytes += frame.bytes.length;
    if (this.#queuedBytes > this.#parts.limits.queueBytes) this.#slow();
    else this.#wake();
  }

  /** Bytes that the client has not been sent yet. */
  waitingBytes(): number {
    return this.#queuedBytes + this.#parts.socket.waitingBytes();
  }

  /** Calls back once, in a later turn, when little is waiting. Those who wait are served one after the other. */
  whenRoom(run: () => void): void {
    this.#awaitingRoom.push(run);
    this.#serveSoon();
  }

  /** Looks whether the client has been too slow for too long. */
  check(): void {
    const { timers, limits } = this.#parts;
    if (this.#queue.length > 0) this.#wake();
    if (this.waitingBytes() <= limits.slowBytes) this.#aboveSinceMs = undefined;
    else if (this.#aboveSinceMs === undefined) this.#aboveSinceMs = timers.monotonicMs();
    else if (timers.monotonicMs() - this.#aboveSinceMs >= limits.slowMs) this.#slow();
  }

  flush(): void {
    this.#woken = false;
    const { socket, flusher, limits } = this.#parts;
    // A busy region has few turns: what the kernel takes at once goes out in this one. When a full socket has drained it wakes us.
    while (!this.#closed && this.#queue.length > 0 && socket.isOpen() && socket.waitingBytes() < limits.socketBytes) {
      const frames = this.#take(limits.socketBytes);
      if (socket.takesBytes) socket.write(flusher.join(frames));
      else for (const frame of frames) socket.send(frame, this.#written);
    }
    this.#noteRead();
    this.#serveSoon();
  }

  /** Looks are seconds apart: what was read between two of them counts as read, also when the next one finds as much waiting again. */
  #noteRead(): void {
    if (this.waitingBytes() <= this.#parts.limits.slowBytes) this.#aboveSinceMs = undefined;
  }

  /** Sends what fits and takes nothing more. */
  close(last: WireFrame): void {
    if (this.#closed) return;
    this.#queue.push(last);
    const { socket, flusher } = this.#parts;
    if (socket.isOpen() && socket.takesBytes) socket.write(flusher.join(this.#queue));
    else if (socket.isOpen()) for (const frame of this.#queue) socket.send(frame, () => {});
    this.drop();
  }

  /** Forgets what is waiting and takes nothing more. */
  drop(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#awaitingRoom = [];
  }

  #take(bytes: number): readonly WireFrame[] {
    let count = 0;
    let taken = 0;
    while (count < this.#queue.length && (count === 0 || taken < bytes)) taken += this.#queue[count++]?.bytes.length ?? 0;
    this.#queuedBytes -= taken;
    if (count < this.#queue.length) return this.#queue.splice(0, count);
    const all = this.#queue;
    this.#queue = [];
    return all;
  }

  readonly #written = (): void => {
    if (this.#closed) return;
    this.#noteRead();
    if (this.#queue.length > 0) this.#wake();
    this.#serveSoon();
  };

  #serveSoon(): void {
    if (this.#serving || this.#awaitingRoom.length === 0 || !this.#hasRoom()) return;
    this.#serving = true;
    this.#parts.flusher.soon(() => {
      this.#serving = false;
      if (this.#hasRoom()) this.#awaitingRoom.shift()?.();
      this.#serveSoon();
    });
  }

  #hasRoom(): boolean {
    return this.waitingBytes() < this.#parts.limits.socketBytes;
  }

  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#parts.flusher.wake(this);
  }

  #slow(): void {
    if (this.#closed) return;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#parts.slow();
  }
}
