/** The reconciler's end of one trunk: which of its lines a record is for, and what its lines say back. The end of the trunk ends its lines. */
import type { WebSocket } from "ws";
import type { Timers } from "../../core/ports/time.ts";
import type { Line, LineParts } from "../line.ts";
import type { Log } from "../parts.ts";
import type { ClientFrame } from "../protocol/frames-in.ts";
import { RecordBatch, readRecords, type TrunkRecord } from "./records.ts";
import { TrunkLine, type TrunkOut } from "./trunk-line.ts";
import type { CoreStatus } from "./words.ts";
import { readEdgeStatus, readEnded, readOpened, TRUNK_FLUSH_BYTES } from "./words.ts";

export interface TrunkParts {
  readonly socket: WebSocket;
  /** What the gateway calls itself. */
  readonly name: string;
  readonly line: LineParts;
  /** Every open line of this process. */
  readonly lines: Set<Line>;
  readonly greet: (line: Line) => void;
  readonly slow: () => void;
  readonly status: () => CoreStatus;
  readonly timers: Timers;
  readonly log: Log;
  /** Runs something in the next turn of the event loop. */
  readonly soon: (run: () => void) => void;
  readonly ended: () => void;
}

/** What may wait for a gateway that does not read its trunk; its clients come back with their cursors. */
const WAITING_BYTES = 256 * 1024 * 1024;
const PING_MS = 1_000;
/** A reconciler at the limit of its processor answers late; a gateway that is silent for this long is gone. */
const SILENT_MS = 15_000;

export class Trunk implements TrunkOut {
  readonly name: string;
  readonly #parts: TrunkParts;
  readonly #lines = new Map<number, TrunkLine>();
  readonly #batch = new RecordBatch();
  readonly #stopPings: () => void;
  #woken = false;
  #heardMs: number;
  #isOpen = true;

  constructor(parts: TrunkParts) {
    const { socket, timers } = parts;
    this.#parts = parts;
    this.name = parts.name;
    this.#heardMs = timers.monotonicMs();
    socket.on("message", (data) => this.#receive(data as Buffer));
    socket.on("pong", () => {
      this.#heardMs = timers.monotonicMs();
    });
    socket.on("error", () => {}); // "close" follows
    socket.once("close", () => this.#end());
    const pings = timers.every(PING_MS, () => this.#look());
    this.#stopPings = () => pings.cancel();
    this.tellStatus();
  }

  get lines(): number {
    return this.#lines.size;
  }

  frame(line: number, frame: Parameters<TrunkOut["frame"]>[1]): void {
    if (!this.#lines.has(line)) return;
    this.#batch.frame(line, frame);
    this.#wake();
  }
  room(line: number): void {
    this.#say("room", line);
  }
  bad(line: number, bad: Parameters<TrunkOut["bad"]>[1]): void {
    this.#say("bad", line, bad);
  }
  goodbye(line: number, goodbye: Parameters<TrunkOut["goodbye"]>[1]): void {
    this.#say("goodbye", line, goodbye);
  }

  close(): void {
    this.#flush();
    this.#parts.socket.close(1001);
  }

  #say(kind: "room" | "bad" | "goodbye" | "status", line: number | undefined, said?: object): void {
    if (!this.#isOpen) return;
    this.#batch.add(kind, line, said);
    this.#wake();
  }

  #wake(): void {
    if (this.#batch.bytes >= TRUNK_FLUSH_BYTES) this.#flush();
    if (this.#woken || this.#batch.bytes === 0) return;
    this.#woken = true;
    this.#parts.soon(() => {
      this.#woken = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { socket, log } = this.#parts;
    if (this.#batch.bytes === 0 || !this.#isOpen) return;
    socket.send(this.#batch.take(), { binary: true });
    if (socket.bufferedAmount <= WAITING_BYTES) return;
    log.error({ event: "trunk.slow", gateway: this.name }, "a gateway process does not read its trunk; it is let go");
    socket.terminate();
  }

  #look(): void {
    const { socket, timers, log } = this.#parts;
    if (timers.monotonicMs() - this.#heardMs > SILENT_MS) {
      log.error({ event: "trunk.silent", gateway: this.name }, "a gateway process has gone silent; it is let go");
      socket.terminate();
    } else {
      socket.ping();
      this.tellStatus();
    }
  }
  /** Also once a second. */
  tellStatus(): void {
    this.#say("status", undefined, this.#parts.status());
  }

  #receive(data: Buffer): void {
    this.#heardMs = this.#parts.timers.monotonicMs();
    try {
      for (const record of readRecords(data)) this.#take(record);
    } catch (error) {
      this.#parts.log.error(
        { event: "trunk.broken", gateway: this.name, err: error },
        "a gateway process says what is no record; it is let go",
      );
      this.#parts.socket.terminate();
    }
  }

  #take({ kind, lines: [number], payload }: TrunkRecord): void {
    if (kind === "leave") this.#leave();
    else if (kind === "status") this.#hearWaiting(payload);
    else if (number === undefined) throw new RangeError(`a record ${kind} of no line`);
    else if (kind === "open") this.#open(number, readOpened(payload).ip ?? undefined);
    else this.#ofLine(kind, number, payload);
  }

  /** The line may have ended here first. */
  #ofLine(kind: TrunkRecord["kind"], number: number, payload: Buffer): void {
    const line = this.#lines.get(number);
    if (kind === "frame") line?.onFrame(JSON.parse(payload.toString()) as ClientFrame);
    else if (kind === "room") line?.outbox.room();
    else if (kind === "end") {
      if (readEnded(payload).slow) this.#parts.slow();
      this.#drop(number, line);
    } else throw new RangeError(`a gateway does not say ${kind}`);
  }

  #open(number: number, ip: string | undefined): void {
    if (this.#lines.has(number)) throw new RangeError(`line ${number} has begun twice`);
    const line = new TrunkLine(this.#parts.line, this, number, ip);
    this.#lines.set(number, line);
    this.#parts.lines.add(line);
    this.#parts.greet(line);
  }

  #leave(): void {
    for (const line of this.#lines.values()) line.leave("restart");
  }

  #hearWaiting(payload: Buffer): void {
    const waiting = new Map(readEdgeStatus(payload).waiting);
    for (const [number, line] of this.#lines) line.outbox.waiting = waiting.get(number) ?? 0;
  }

  #drop(number: number, line: TrunkLine | undefined): void {
    if (line === undefined) return;
    this.#lines.delete(number);
    this.#parts.lines.delete(line);
    line.ended();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stopPings();
    for (const [number, line] of [...this.#lines]) this.#drop(number, line);
    this.#parts.ended();
  }
}
