/**
 * The gateway's end of the trunk: sockets of this process on one side, the region's reconciler on the other. What lines mean is known there; here
 * they are read, checked, queued and written. When the reconciler is lost, its lines cannot go on: their clients come back with their cursors.
 */
import { WebSocket } from "ws";
import { Refusal } from "../../core/errors.ts";
import type { RankedRegion } from "../../core/objects.ts";
import type { Timer, Timers } from "../../core/ports/time.ts";
import type { Line } from "../line.ts";
import type { Log } from "../parts.ts";
import type { SocketLine } from "../socket-line.ts";
import { frameOf, RecordBatch, readRecords, type TrunkRecord } from "../trunk/records.ts";
import type { CoreStatus } from "../trunk/words.ts";
import {
  KEY_HEADER,
  readBad,
  readCoreStatus,
  readGoodbye,
  TRUNK_FLUSH_BYTES,
  TRUNK_MESSAGE_BYTES,
  TRUNK_PATH,
  TRUNK_PROTOCOL,
} from "../trunk/words.ts";
import type { WireFrame } from "../wire-frame.ts";

export interface TrunkEndParts {
  /** Of the region's reconciler: http://host:port. */
  readonly reconciler: string;
  readonly key: string;
  /** What this process calls itself. */
  readonly name: string;
  readonly timers: Timers;
  readonly log: Log;
  /** Runs something in the next turn of the event loop. */
  readonly soon: (run: () => void) => void;
  /** Frames of clients, and finished frames for them, for counting. */
  readonly carried: (direction: "in" | "out", frames: number) => void;
}

const AGAIN_MS = { first: 50, last: 1_000 } as const;
/** A reconciler that says nothing for so long is not there: it speaks once a second. */
const SILENT_MS = 15_000;
const LOOK_MS = 1_000;
/** Frames of clients that wait for a reconciler that does not read them. */
const WAITING_BYTES = 16 * 1024 * 1024;

export class TrunkEnd {
  readonly #parts: TrunkEndParts;
  readonly #lines = new Map<number, SocketLine>();
  readonly #numbers = new Map<Line, number>();
  readonly #slow = new Set<number>();
  readonly #batch = new RecordBatch();
  readonly #looking: Timer;
  #socket: WebSocket | undefined;
  #status: CoreStatus | undefined;
  #regions: readonly RankedRegion[] = [];
  #last = 0;
  #woken = false;
  #closed = false;
  #failures = 0;
  #heardMs = 0;
  #why = "the reconciler has not been reached yet";

  constructor(parts: TrunkEndParts) {
    this.#parts = parts;
    this.#looking = parts.timers.every(LOOK_MS, () => this.#look());
    this.#connect();
  }

  /** Where to, as the reconciler last ranked regions. */
  get regions(): readonly RankedRegion[] {
    return this.#regions;
  }
  get state(): { readonly up: boolean; readonly why: string } {
    return this.#status === undefined ? { up: false, why: this.#why } : { up: true, why: "connected" };
  }
  /** Why no new socket is taken now. */
  get refuses(): Refusal | undefined {
    const why = this.#status === undefined ? LOST : this.#status.refuses;
    return why === null ? undefined : new Refusal("unavailable", why.message, { retryAfterS: why.retryAfterS });
  }

  /** Brings a new line to the reconciler. */
  carry(line: SocketLine): void {
    if (this.#status === undefined) {
      line.goodbye("restart");
      return;
    }
    const number = ++this.#last;
    this.#lines.set(number, line);
    this.#numbers.set(line, number);
    this.#say("open", number, { ip: line.ip ?? null });
    line.onFrame = (frame) => {
      this.#parts.carried("in", 1);
      if ((this.#socket?.bufferedAmount ?? 0) > WAITING_BYTES)
        line.refuse(
          new Refusal("unavailable", "This region cannot keep up; try again, or the next region.", { retryAfterS: 1 }),
          "id" in frame ? frame.id : undefined,
        );
      else this.#say("frame", number, frame);
    };
    line.onEnd = () => {
      if (!this.#lines.delete(number)) return;
      this.#numbers.delete(line);
      this.#say("end", number, { slow: this.#slow.delete(number) });
    };
  }
  /** A client of this line does not read. */
  slow(line: Line): void {
    const number = this.#numbers.get(line);
    if (number !== undefined) this.#slow.add(number);
  }

  /** Asks that all lines be let go as soon as nothing waits for its answer. */
  leave(): void {
    this.#say("leave", undefined);
  }

  close(): void {
    this.#closed = true;
    this.#looking.cancel();
    this.#flush();
    this.#socket?.close(1001);
  }

  #connect(): void {
    const { reconciler, key, name } = this.#parts;
    const url = `${reconciler.replace(/^http/, "ws")}${TRUNK_PATH}?name=${encodeURIComponent(name)}`;
    const socket = new WebSocket(url, TRUNK_PROTOCOL, {
      headers: { [KEY_HEADER]: key },
      perMessageDeflate: false,
      maxPayload: TRUNK_MESSAGE_BYTES,
      handshakeTimeout: SILENT_MS,
    });
    this.#socket = socket;
    socket.on("message", (data) => this.#receive(data as Buffer));
    socket.on("unexpected-response", (_request, response) => this.#refused(response));
    socket.on("error", (error) => {
      this.#why = error.message;
    });
    socket.once("close", () => this.#lost());
  }

  #refused(response: NodeJS.ReadableStream & { readonly statusCode?: number | undefined }): void {
    let words = "";
    response.on("data", (bytes) => {
      words = `${words}${bytes}`.slice(0, 500);
    });
    response.once("end", () => {
      this.#why = `the reconciler refuses this gateway: ${words}`;
      this.#parts.log.error({ event: "trunk.refused" }, this.#why);
      this.#socket?.terminate();
    });
  }

  #lost(): void {
    const had = this.#status !== undefined;
    this.#status = undefined;
    this.#batch.take();
    if (had) {
      this.#why = "the reconciler was lost";
      this.#parts.log.warn({ event: "trunk.lost", lines: this.#lines.size }, "the reconciler is lost; clients are asked to come back");
    }
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    this.#numbers.clear();
    this.#slow.clear();
    for (const line of lines) line.goodbye("restart");
    if (this.#closed) return;
    const delayMs = Math.min(AGAIN_MS.last, AGAIN_MS.first * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#parts.timers.after(delayMs, () => {
      if (!this.#closed) this.#connect();
    });
  }

  #look(): void {
    if (this.#status === undefined) return;
    if (this.#parts.timers.monotonicMs() - this.#heardMs > SILENT_MS) this.#socket?.terminate();
    const waiting = [...this.#lines].flatMap(([number, line]) => {
      const bytes = line.outbox.waitingBytes();
      return bytes > 0 ? [[number, bytes] as const] : [];
    });
    this.#say("status", undefined, { waiting });
  }

  #say(kind: "open" | "frame" | "end" | "room" | "status" | "leave", number: number | undefined, said?: object): void {
    if (this.#status === undefined) return;
    this.#batch.add(kind, number, said);
    if (this.#batch.bytes >= TRUNK_FLUSH_BYTES) this.#flush();
    if (this.#woken) return;
    this.#woken = true;
    this.#parts.soon(() => {
      this.#woken = false;
      this.#flush();
    });
  }
  #flush(): void {
    if (this.#batch.bytes > 0 && this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(this.#batch.take(), { binary: true });
  }

  #receive(data: Buffer): void {
    this.#heardMs = this.#parts.timers.monotonicMs();
    try {
      for (const record of readRecords(data)) this.#take(record);
    } catch (error) {
      this.#parts.log.error({ event: "trunk.broken", err: error }, "the reconciler says what is no record");
      this.#socket?.terminate();
    }
  }

  #take({ kind, lines, payload }: TrunkRecord): void {
    const [number = 0] = lines;
    if (kind === "status") this.#hearStatus(readCoreStatus(payload));
    else if (kind === "frame") this.#give(lines, frameOf(payload, lines.length > 1));
    else this.#ofLine(kind, number, payload);
  }

  #give(lines: readonly number[], frame: WireFrame): void {
    this.#parts.carried("out", lines.length);
    for (const number of lines) this.#lines.get(number)?.outbox.push(frame);
  }

  /** The line's socket may have ended first. */
  #ofLine(kind: TrunkRecord["kind"], number: number, payload: Buffer): void {
    const line = this.#lines.get(number);
    if (kind === "room") line?.outbox.whenRoom(() => this.#say("room", number));
    else if (kind === "goodbye") {
      const { why, detail, regions } = readGoodbye(payload);
      line?.goodbye(why, detail ?? undefined, regions);
    } else if (kind === "bad") {
      const { id, error } = readBad(payload);
      line?.bad(new Refusal(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint }), id ?? undefined);
    } else throw new RangeError(`a reconciler does not say ${kind}`);
  }

  #hearStatus(status: CoreStatus): void {
    const first = this.#status === undefined;
    this.#status = status;
    this.#regions = status.regions;
    if (!first) return;
    this.#failures = 0;
    this.#parts.log.info({ event: "trunk.began" }, "the reconciler takes this gateway's lines");
  }
}

const LOST = {
  message: "This region's reconciler cannot be reached from this gateway; try again, or the next region.",
  retryAfterS: 1,
} as const;
