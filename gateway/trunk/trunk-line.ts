/** A line whose socket is in a gateway process of its own: what is said goes over the trunk, what the socket does is told from there. */
import type { CloseName } from "../close-codes.ts";
import type { FrameQueue, LineParts } from "../line.ts";
import { Line } from "../line.ts";
import { frameErrorOf } from "../problem.ts";
import type { FrameId } from "../protocol/frames-in.ts";
import type { WireFrame } from "../wire-frame.ts";
import type { Bad, Goodbye } from "./words.ts";

/** The reconciler's end of a trunk, as one of its lines uses it. */
export interface TrunkOut {
  frame(line: number, frame: WireFrame): void;
  room(line: number): void;
  bad(line: number, bad: Bad): void;
  goodbye(line: number, goodbye: Goodbye): void;
}

class TrunkQueue implements FrameQueue {
  readonly #out: TrunkOut;
  readonly #line: number;
  #awaiting: (() => void)[] = [];
  /** As the gateway last told. */
  waiting = 0;

  constructor(out: TrunkOut, line: number) {
    this.#out = out;
    this.#line = line;
  }

  push(frame: WireFrame): void {
    this.#out.frame(this.#line, frame);
  }
  whenRoom(run: () => void): void {
    this.#awaiting.push(run);
    this.#out.room(this.#line);
  }
  waitingBytes(): number {
    return this.waiting;
  }
  /** The gateway says that there is room: one of those who wait is served for each time that was asked. */
  room(): void {
    this.#awaiting.shift()?.();
  }
  drop(): void {
    this.#awaiting = [];
  }
}

export class TrunkLine extends Line {
  readonly outbox: TrunkQueue;
  readonly #out: TrunkOut;
  readonly #number: number;
  #isOpen = true;

  constructor(parts: LineParts, out: TrunkOut, number: number, ip: string | undefined) {
    super(parts, ip);
    this.#out = out;
    this.#number = number;
    this.outbox = new TrunkQueue(out, number);
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  bad(refused: unknown, id?: FrameId): void {
    if (this.#isOpen) this.#out.bad(this.#number, { id: id ?? null, error: frameErrorOf(this.refusal(refused)) });
  }

  goodbye(why: CloseName, detail?: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#out.goodbye(this.#number, { why, detail: detail ?? null, regions: this.ranked() });
  }

  /** The socket has ended, or the gateway that held it. */
  ended(): void {
    this.#isOpen = false;
    this.outbox.drop();
    this.onEnd();
  }

  /** Sockets are looked after where they are. */
  check(): void {}
  probe(): void {}
}
