/** One socket as a line of frames: what comes in is checked, what goes out is queued, and the third bad frame ends it (contract §4). */
import type { RawData, WebSocket } from "ws";
import { Refusal } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { RankedRegion } from "../core/objects.ts";
import type { CloseName } from "./close-codes.ts";
import { CLOSE, comesBack } from "./close-codes.ts";
import type { Context } from "./context.ts";
import { jsonFromBytes } from "./json-door.ts";
import { Outbox } from "./outbox.ts";
import { asRefusal, frameErrorOf } from "./problem.ts";
import type { FrameId } from "./protocol/frames-in.ts";
import { ClientFrame, FRAME_TYPES } from "./protocol/frames-in.ts";
import type { ServerFrame } from "./protocol/frames-out.ts";
import { parse } from "./protocol/parse.ts";
import type { FrameSocket } from "./wire-frame.ts";
import { frameSocket, wireFrame } from "./wire-frame.ts";

/** Time for the last frames to leave before a socket is ended. */
const LAST_WORDS_MS = 3_000;
const READABLE_ID_CHARS = 128;

export class Line {
  readonly outbox: Outbox;
  readonly ip: string | undefined;
  readonly #context: Context;
  readonly #raw: WebSocket;
  readonly #socket: FrameSocket;
  #badFrames = 0;
  #leaving = false;
  #heard = true;
  #second = 0;
  #framesThisSecond = 0;
  #inFlight = 0;
  #leavesAs: CloseName | undefined;
  /** What is done with a good frame. */
  onFrame: (frame: ClientFrame) => void = () => {};
  /** The socket has closed, whoever did it. Called once. */
  onEnd: () => void = () => {};

  constructor(context: Context, raw: WebSocket, ip: string | undefined) {
    const { flusher, limits, parts } = context;
    this.#context = context;
    this.#raw = raw;
    this.#socket = frameSocket(raw);
    this.ip = ip;
    this.outbox = new Outbox({ socket: this.#socket, flusher, limits, timers: parts.timers, slow: () => this.#slow() });
    context.lines.add(this);
    raw.on("message", (data, isBinary) => this.#receive(data, isBinary));
    raw.on("pong", () => {
      this.#heard = true;
    });
    raw.on("error", () => {}); // "close" follows
    raw.once("close", () => {
      this.#leaving = true;
      this.outbox.drop();
      context.lines.delete(this);
      this.onEnd();
    });
  }

  isOpen(): boolean {
    return !this.#leaving && this.#socket.isOpen();
  }

  send(frame: ServerFrame): void {
    this.outbox.push(wireFrame(JSON.stringify(frame)));
  }

  /** A refusal of one frame: a reply where its id could be read, else an error frame. */
  refuse(thrown: unknown, id?: FrameId): void {
    const refusal = asRefusal(thrown, (error) => this.#context.parts.log.error({ err: error }, "a frame failed unexpectedly"));
    if (id !== undefined) this.send({ type: "reply", id, ok: false, error: frameErrorOf(refusal) });
    else this.send({ type: "error", ...frameErrorOf(refusal) });
  }

  /** Commands that wait for their answer. */
  get inFlight(): number {
    return this.#inFlight;
  }
  /** A command has come; returns what is called when it has been answered. */
  began(): () => void {
    this.#inFlight += 1;
    const answered = this.#context.inFlight.began();
    return () => {
      answered();
      this.#inFlight -= 1;
      if (this.#inFlight === 0 && this.#leavesAs !== undefined) this.goodbye(this.#leavesAs);
    };
  }
  /** It has been asked to go, or is going. */
  get leaving(): boolean {
    return this.#leaving || this.#leavesAs !== undefined;
  }
  /** Says goodbye as soon as nothing waits for its answer (H10). */
  leave(why: CloseName): void {
    this.#leavesAs = why;
    if (this.#inFlight === 0) this.goodbye(why);
  }

  goodbye(why: CloseName, detail?: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    const { code, reason, afterMs } = CLOSE[why];
    const words = detail ?? reason;
    const frame = {
      type: "goodbye",
      code,
      reason: words,
      reconnect: comesBack(code),
      afterMs: this.#spread(afterMs),
      regions: this.ranked(),
    } as const;
    this.outbox.close(wireFrame(JSON.stringify(frame satisfies ServerFrame)));
    this.#socket.close(code, reason);
    this.#context.parts.timers.after(LAST_WORDS_MS, () => this.#socket.terminate());
  }

  ranked(): readonly RankedRegion[] {
    try {
      return this.#context.parts.ranking.rank(this.ip).items;
    } catch {
      return []; // an address that the ranking cannot read
    }
  }

  /** Asks whether the other end is still there; ends the line when it has not answered since the last time. */
  probe(): void {
    if (!this.#heard) this.#socket.terminate();
    else if (this.isOpen()) {
      this.#heard = false;
      this.#raw.ping();
    }
  }

  /** Clients of a gateway that leaves must not all come back in the same moment. */
  #spread(afterMs: number): number {
    return afterMs === 0
      ? 0
      : (Number.parseInt(
          this.#context.parts
            .newId()
            .replace(/[^0-9a-f]/g, "")
            .slice(-6),
          16,
        ) || 0) % afterMs;
  }

  #slow(): void {
    this.#context.parts.metrics.slowConsumers.inc();
    this.goodbye("slow");
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#leaving) return;
    this.#heard = true;
    const found = this.#read(data, isBinary);
    if (found === undefined) return;
    if (this.#comesTooOften()) this.refuse(new Refusal("too-many-requests", "Frames come too fast.", { retryAfterS: 1 }), idIn(found));
    else this.onFrame(found);
  }

  #comesTooOften(): boolean {
    const second = Math.floor(this.#context.parts.timers.monotonicMs() / 1000);
    if (second !== this.#second) this.#framesThisSecond = 0;
    this.#second = second;
    this.#framesThisSecond += 1;
    return this.#framesThisSecond > this.#context.limits.framesPerSecond;
  }

  #read(data: RawData, isBinary: boolean): ClientFrame | undefined {
    let value: unknown;
    try {
      if (isBinary) throw new Refusal("invalid", "Frames are text.");
      const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
      if (bytes.byteLength > LIMITS.frameBytes) throw new Refusal("too-large", `A frame has at most ${LIMITS.frameBytes} bytes.`);
      value = jsonFromBytes(bytes);
      const type = (value as { readonly type?: unknown } | null)?.type;
      if (typeof type !== "string" || !FRAME_TYPES.includes(type))
        throw new Refusal("invalid", `A frame's type is one of ${FRAME_TYPES.join(", ")}.`);
      return parse(ClientFrame, value);
    } catch (refused) {
      this.bad(refused, idIn(value));
      return undefined;
    }
  }

  /** One more bad frame. */
  bad(refused: unknown, id?: FrameId): void {
    this.refuse(refused, id);
    this.#badFrames += 1;
    if (this.#badFrames >= LIMITS.badFrames) this.goodbye("badFrame");
  }
}

function idIn(value: unknown): FrameId | undefined {
  const id = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as { readonly id?: unknown }).id : undefined;
  return typeof id === "number" || (typeof id === "string" && id.length > 0 && id.length <= READABLE_ID_CHARS) ? id : undefined;
}
