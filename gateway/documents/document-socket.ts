/** One socket with a document open: what came before its token was checked waits; what is not read in time ends it. */
import type { RawData, WebSocket } from "ws";
import type { Actor } from "../../core/command.ts";
import { LIMITS } from "../../core/limits.ts";
import type { CloseName } from "../close-codes.ts";
import { CLOSE } from "../close-codes.ts";
import type { GatewayLimits } from "../parts.ts";
import { closeFor, type Seat } from "./seat.ts";
import type { DocumentFrame } from "./wire.ts";
import { readFrame } from "./wire.ts";

/** Frames that may come before the token has been checked. */
const EARLY_MOST = 32;

export class DocumentSocket implements Seat {
  readonly #socket: WebSocket;
  readonly #limits: GatewayLimits;
  #early: RawData[] = [];
  #take: ((frame: DocumentFrame) => void) | undefined;
  #actor: Actor = { user: "", roles: [] };
  #expiresAtMs = Number.POSITIVE_INFINITY;
  #heard = true;
  #frames = 0;
  #asks = 0;

  constructor(socket: WebSocket, limits: GatewayLimits) {
    this.#socket = socket;
    this.#limits = limits;
    socket.binaryType = "nodebuffer";
    socket.on("error", () => socket.terminate());
    socket.on("pong", () => {
      this.#heard = true;
    });
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
  }

  get actor(): Actor {
    return this.#actor;
  }
  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  onClose(ended: () => void): void {
    if (this.isOpen) this.#socket.once("close", ended);
    else ended();
  }

  /** The token was good: what has come since is taken, in its order. */
  seated({ actor, expiresAtMs }: { readonly actor: Actor; readonly expiresAtMs: number }, take: (frame: DocumentFrame) => void): void {
    this.#actor = actor;
    this.#expiresAtMs = expiresAtMs;
    this.#take = take;
    for (const data of this.#early.splice(0)) this.#read(data);
  }

  send(frame: Uint8Array): void {
    if (!this.isOpen) return;
    this.#socket.send(frame);
    // A whole document may lie there, which whoever opens it has had no time to read.
    if (this.#socket.bufferedAmount > this.#limits.queueBytes + LIMITS.documentBytes) this.close("slow");
  }

  close(why: CloseName): void {
    this.#take = () => {};
    const { code, reason } = CLOSE[why];
    this.#socket.close(code, reason);
    if (why === "slow") this.#socket.terminate();
  }

  /** Once a second. */
  check(nowMs: number): void {
    this.#frames = 0;
    this.#asks = 0;
    if (nowMs >= this.#expiresAtMs) this.close("token");
  }

  /** Ends the socket when the other end has not answered since the last time. */
  probe(): void {
    if (!this.#heard) this.#socket.terminate();
    else if (this.isOpen) this.#socket.ping();
    this.#heard = false;
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#heard = true;
    this.#frames += 1;
    if (!isBinary) this.close("badFrame");
    else if (this.#frames > this.#limits.framesPerSecond) this.close("tooMany");
    else if (this.#take !== undefined) this.#read(data);
    else if (this.#early.push(data) > EARLY_MOST) this.close("badFrame");
  }

  #read(data: RawData): void {
    try {
      const frame = readFrame(data as Buffer);
      // Their answer may be the whole document, made anew each time.
      if (frame.type === "ask" || frame.type === "who") this.#asks += 1;
      if (this.#asks > LIMITS.documentAsksPerSecond) this.close("tooMany");
      else this.#take?.(frame);
    } catch (wrong) {
      this.close(closeFor(wrong));
    }
  }
}
