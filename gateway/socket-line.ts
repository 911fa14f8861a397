/** A line over a socket of this process: what comes in is checked, what goes out is queued, and the third bad frame ends it (contract §4). */
import type { RawData, WebSocket } from "ws";
import { Refusal } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { RankedRegion } from "../core/objects.ts";
import type { Timers } from "../core/ports/time.ts";
import type { CloseName } from "./close-codes.ts";
import { CLOSE, comesBack } from "./close-codes.ts";
import { cleanJson, uncleanJson, utf8 } from "./json-door.ts";
import type { LineParts } from "./line.ts";
import { Line } from "./line.ts";
import type { Flusher } from "./outbox.ts";
import { Outbox } from "./outbox.ts";
import type { GatewayLimits } from "./parts.ts";
import { plainText } from "./plain-text.ts";
import type { FrameId } from "./protocol/frames-in.ts";
import { type ClientFrame, FRAME_TYPES } from "./protocol/frames-in.ts";
import type { ServerFrame } from "./protocol/frames-out.ts";
import { readFrame } from "./protocol/plain-frames.ts";
import type { FrameSocket } from "./wire-frame.ts";
import { frameSocket, wireFrame } from "./wire-frame.ts";

export interface SocketLineParts extends LineParts {
  readonly limits: GatewayLimits;
  readonly timers: Timers;
  readonly flusher: Flusher;
  readonly newId: () => string;
  /** Every open line; it adds itself and takes itself out. */
  readonly lines: Set<Line>;
  /** A client did not read in time. */
  readonly slow: (line: Line) => void;
}

/** Time for the last frames to leave before a socket is ended. */
const LAST_WORDS_MS = 3_000;
const READABLE_ID_CHARS = 128;
/** The code with which `ws` by itself ends a socket whose frame is longer than it reads. */
const MESSAGE_TOO_BIG = 1009;

export class SocketLine extends Line {
  readonly outbox: Outbox;
  readonly #parts: SocketLineParts;
  readonly #raw: WebSocket;
  readonly #socket: FrameSocket;
  #badFrames = 0;
  #going = false;
  #heard = true;
  #second = 0;
  #framesThisSecond = 0;

  constructor(parts: SocketLineParts, raw: WebSocket, ip: string | undefined) {
    super(parts, ip);
    this.#parts = parts;
    this.#raw = raw;
    this.#socket = frameSocket(raw);
    const { flusher, limits, timers } = parts;
    this.outbox = new Outbox({ socket: this.#socket, flusher, limits, timers, slow: () => this.#slow() });
    parts.lines.add(this);
    raw.on("message", (data, isBinary) => this.#receive(data, isBinary));
    raw.on("pong", () => {
      this.#heard = true;
    });
    raw.on("error", () => {}); // "close" follows
    const close = raw.close.bind(raw);
    raw.close = (code, reason) => (code === MESSAGE_TOO_BIG ? this.#endless() : close(code, reason));
    raw.once("close", () => {
      this.#going = true;
      this.outbox.drop();
      parts.lines.delete(this);
      this.onEnd();
    });
  }

  isOpen(): boolean {
    return !this.#going && this.#socket.isOpen();
  }

  /** `regions`: where to, when somebody else has ranked them. */
  goodbye(why: CloseName, detail?: string, regions: readonly RankedRegion[] = this.ranked()): void {
    if (this.#going) return;
    this.#going = true;
    const { code, reason, afterMs } = CLOSE[why];
    const frame = {
      type: "goodbye",
      code,
      reason: detail ?? reason,
      reconnect: comesBack(code),
      afterMs: this.#spread(afterMs),
      regions,
    } as const;
    this.outbox.close(wireFrame(JSON.stringify(frame satisfies ServerFrame)));
    this.#socket.close(code, reason);
    this.#parts.timers.after(LAST_WORDS_MS, () => this.#socket.terminate());
  }

  check(): void {
    this.outbox.check();
  }

  /** Ends the line when the other end has not answered since the last time. */
  probe(): void {
    if (!this.#heard) this.#socket.terminate();
    else if (this.isOpen()) {
      this.#heard = false;
      this.#raw.ping();
    }
  }

  bad(refused: unknown, id?: FrameId): void {
    this.refuse(refused, id);
    this.#badFrames += 1;
    if (this.#badFrames >= LIMITS.badFrames) this.goodbye("badFrame");
  }

  /** Clients of a gateway that leaves must not all come back in the same moment. */
  #spread(afterMs: number): number {
    if (afterMs === 0) return 0;
    const digits = this.#parts.newId().replace(/[^0-9a-f]/g, "");
    return (Number.parseInt(digits.slice(-6), 16) || 0) % afterMs;
  }

  /** A frame so long that it is not read to its end, and nothing after it either. Its sender is told why, as of any that is too large. */
  #endless(): void {
    this.refuse(tooLarge());
    this.goodbye("badFrame", "a frame far beyond what is read");
  }

  #slow(): void {
    this.#parts.slow(this);
    this.goodbye("slow");
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#going) return;
    this.#heard = true;
    const found = this.#read(data, isBinary);
    if (found === undefined) return;
    if (this.#comesTooOften()) this.refuse(tooFast(), idIn(found));
    else this.onFrame(found);
  }

  #comesTooOften(): boolean {
    const second = Math.floor(this.#parts.timers.monotonicMs() / 1000);
    if (second !== this.#second) this.#framesThisSecond = 0;
    this.#second = second;
    this.#framesThisSecond += 1;
    return this.#framesThisSecond > this.#parts.limits.framesPerSecond;
  }

  #read(data: RawData, isBinary: boolean): ClientFrame | undefined {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    if (isBinary) return this.bad(new Refusal("invalid", "Frames are text.")) as undefined;
    if (bytes.byteLength > LIMITS.frameBytes) return this.bad(tooLarge(), idIn(anyJson(bytes))) as undefined;
    let value: unknown;
    try {
      const unclean = uncleanJson(utf8(bytes));
      value = unclean;
      const type = typeIn(value);
      if (typeof type !== "string" || !FRAME_TYPES.includes(type))
        throw new Refusal("invalid", `A frame's type is one of ${FRAME_TYPES.join(", ")}.`);
      return readFrame(cleanJson(unclean));
    } catch (refused) {
      const id = idIn(value);
      // What is wrong with a command is its author's to mend, as it is by HTTP: the frame that brought it was well made.
      if (id !== undefined && typeIn(value) === "command") this.refuse(this.#comesTooOften() ? tooFast() : refused, id);
      else this.bad(refused, id);
      return undefined;
    }
  }
}

const tooFast = (): Refusal => new Refusal("too-many-requests", "Frames come too fast.", { retryAfterS: 1 });
const tooLarge = (): Refusal => new Refusal("too-large", `A frame has at most ${LIMITS.frameBytes} bytes.`);

/** Of a frame that is not taken, for its id alone. */
function anyJson(bytes: Uint8Array): unknown {
  try {
    return uncleanJson(utf8(bytes));
  } catch {
    return undefined;
  }
}

const fieldIn = (value: unknown, field: string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>)[field] : undefined;
const typeIn = (value: unknown): unknown => fieldIn(value, "type");

/** The id of a frame that has not passed the door: none where it could not pass itself. */
function idIn(value: unknown): FrameId | undefined {
  const id = fieldIn(value, "id");
  if (typeof id === "number") return Number.isFinite(id) ? id : undefined;
  if (typeof id !== "string" || id === "" || id.length > READABLE_ID_CHARS) return undefined;
  try {
    return plainText(id, "id");
  } catch {
    return undefined;
  }
}
