/**
 * Somebody's line of frames, whichever process its socket is in: frames come in checked, frames go out queued. What it carries is decided by
 * those who hold it (greeting.ts, connection.ts).
 */
import type { Refusal } from "../core/errors.ts";
import type { RankedRegion } from "../core/objects.ts";
import type { CloseName } from "./close-codes.ts";
import type { Log } from "./parts.ts";
import { asRefusal, frameErrorOf } from "./problem.ts";
import type { ClientFrame, FrameId } from "./protocol/frames-in.ts";
import type { ServerFrame } from "./protocol/frames-out.ts";
import type { WireFrame } from "./wire-frame.ts";
import { wireFrame } from "./wire-frame.ts";

/** Where finished frames wait for a client that reads. */
export interface FrameQueue {
  push(frame: WireFrame): void;
  /** Calls back once, in a later turn, when little is waiting. Those who wait are served one after the other. */
  whenRoom(run: () => void): void;
  /** Bytes that the client has not been sent yet. */
  waitingBytes(): number;
}

export interface LineParts {
  readonly log: Log;
  /** Regions in the order in which a client at this address does well to try them; none where the address cannot be read. */
  readonly rank: (ip: string | undefined) => readonly RankedRegion[];
  /** Something waits for its answer; returns what is called when it has it. */
  readonly began: () => () => void;
}

export abstract class Line {
  abstract readonly outbox: FrameQueue;
  readonly ip: string | undefined;
  readonly #parts: LineParts;
  #inFlight = 0;
  #leavesAs: CloseName | undefined;
  /** What is done with a good frame. */
  onFrame: (frame: ClientFrame) => void = () => {};
  /** The line has ended, whoever did it. Called once. */
  onEnd: () => void = () => {};

  constructor(parts: LineParts, ip: string | undefined) {
    this.#parts = parts;
    this.ip = ip;
  }

  abstract isOpen(): boolean;
  /** One more bad frame; the third ends the line (contract §4). */
  abstract bad(refused: unknown, id?: FrameId): void;
  /** Says why, and ends the line once that has left. */
  abstract goodbye(why: CloseName, detail?: string): void;
  /** Looks whether the client has been too slow for too long. */
  abstract check(): void;
  /** Asks whether the other end is still there. */
  abstract probe(): void;

  send(frame: ServerFrame): void {
    this.outbox.push(wireFrame(JSON.stringify(frame)));
  }

  /** A refusal of one frame: a reply where its id could be read, else an error frame. */
  refuse(thrown: unknown, id?: FrameId): void {
    const error = frameErrorOf(this.refusal(thrown));
    this.send(id === undefined ? { type: "error", ...error } : { type: "reply", id, ok: false, error });
  }
  protected refusal(thrown: unknown): Refusal {
    return asRefusal(thrown, (error) => this.#parts.log.error({ err: error }, "a frame failed unexpectedly"));
  }

  /** Commands that wait for their answer. */
  get inFlight(): number {
    return this.#inFlight;
  }
  /** A command has come; returns what is called when it has been answered. */
  began(): () => void {
    this.#inFlight += 1;
    const answered = this.#parts.began();
    return () => {
      answered();
      this.#inFlight -= 1;
      if (this.#inFlight === 0 && this.#leavesAs !== undefined) this.goodbye(this.#leavesAs);
    };
  }
  /** It has been asked to go, or is going. */
  get leaving(): boolean {
    return this.#leavesAs !== undefined || !this.isOpen();
  }
  /** Says goodbye as soon as nothing waits for its answer (H10). */
  leave(why: CloseName): void {
    this.#leavesAs = why;
    if (this.#inFlight === 0) this.goodbye(why);
  }

  ranked(): readonly RankedRegion[] {
    return this.#parts.rank(this.ip);
  }
}
