/**
 * A WebSocket text frame built once, however many connections it goes to (RFC 6455 §5.2: servers do not mask), and the one place that writes
 * such bytes past `ws` to the socket beneath it.
 *
 * `ws` has no public way to send a finished frame. Its socket is therefore taken from the field `_socket`; where that is missing, or an
 * extension is in use, every frame goes through `send` instead. Control frames of `ws` itself are written at once and whole, so they cannot
 * fall into the middle of ours.
 */
import type { WebSocket } from "ws";

export interface WireFrame {
  /** Header and payload. */
  readonly bytes: Buffer;
  readonly headerBytes: number;
  /** Other connections get the same frame. */
  readonly shared: boolean;
}

const FINAL_TEXT = 0x81;

export function wireFrame(text: string, shared = false): WireFrame {
  const length = Buffer.byteLength(text);
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headerBytes + length);
  bytes[0] = FINAL_TEXT;
  if (headerBytes === 2) bytes[1] = length;
  else if (headerBytes === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, headerBytes);
  return { bytes, headerBytes, shared };
}

/** What an outbox needs of a socket. */
export interface FrameSocket {
  isOpen(): boolean;
  /** Bytes handed over that the kernel has not taken yet. */
  waitingBytes(): number;
  /** Whether finished frames, also several in one piece, can be written. */
  readonly takesBytes: boolean;
  write(bytes: Buffer): void;
  /** Calls back whenever everything written has left, after more was waiting than the socket likes to hold. */
  onDrain(run: () => void): void;
  send(frame: WireFrame, written: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

interface Beneath {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(bytes: Buffer): boolean;
  on(event: "drain", run: () => void): unknown;
}

function socketBeneath(socket: WebSocket): Beneath | undefined {
  const beneath = (socket as unknown as { readonly _socket?: Partial<Beneath> })._socket;
  const usable = typeof beneath?.write === "function" && typeof beneath.writableLength === "number";
  return usable && socket.extensions === "" ? (beneath as Beneath) : undefined;
}

export function frameSocket(socket: WebSocket): FrameSocket {
  return new SocketOfWs(socket);
}

/** A class and not a handful of closures: there is one for every connection. */
class SocketOfWs implements FrameSocket {
  readonly #socket: WebSocket;
  readonly #beneath: Beneath | undefined;
  readonly takesBytes: boolean;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#beneath = socketBeneath(socket);
    this.takesBytes = this.#beneath !== undefined;
  }
  isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && this.#beneath?.destroyed !== true;
  }
  waitingBytes(): number {
    return this.#beneath?.writableLength ?? this.#socket.bufferedAmount;
  }
  write(bytes: Buffer): void {
    this.#beneath?.write(bytes);
  }
  onDrain(run: () => void): void {
    this.#beneath?.on("drain", run);
  }
  send({ bytes, headerBytes }: WireFrame, written: () => void): void {
    this.#socket.send(bytes.subarray(headerBytes), { binary: false }, written);
  }
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
  terminate(): void {
    this.#socket.terminate();
  }
}
