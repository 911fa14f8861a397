/** A WebSocket client that keeps all it hears, in order, so that a story can wait for what it expects and look back at how it came. */
import { WebSocket } from "ws";
import { until } from "./atoll.ts";

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };
export interface Closed {
  readonly code: number;
  readonly reason: string;
}
export interface Hello {
  readonly token: string;
  readonly channels?: readonly string[];
  readonly cursor?: string;
}

export class Socket {
  readonly frames: Frame[] = [];
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;

  private constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/connect`, "atoll.v1", { perMessageDeflate: false });
    this.#socket.on("message", (data) => this.frames.push(JSON.parse(String(data)) as Frame));
    this.#socket.on("error", () => undefined); // "close" follows
    this.closed = new Promise((done) => this.#socket.once("close", (code, reason) => done({ code, reason: String(reason) })));
  }

  /** Resolves when the region has said welcome and given all that was missed. */
  static async open(url: string, { token, channels = [], cursor }: Hello): Promise<Socket> {
    const socket = new Socket(url);
    await new Promise<void>((done, fail) => socket.#socket.once("open", done).once("error", fail));
    socket.send({ type: "hello", protocol: 1, token, channels, ...(cursor === undefined ? {} : { cursor }) });
    await socket.hears("welcome");
    await until("it has caught up", () => socket.all("caught-up").length >= channels.length);
    return socket;
  }

  send(frame: Frame): void {
    this.#socket.send(JSON.stringify(frame));
  }
  command(id: string, command: Readonly<Record<string, unknown>>): void {
    this.send({ type: "command", id, command: { id, ...command } });
  }
  all(type: string): readonly Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }
  /** Every event heard, whether it came alone or with others. */
  events(): readonly Frame[] {
    return this.frames.flatMap((frame) =>
      frame.type === "event" ? [frame["event"] as Frame] : frame.type === "events" ? (frame["items"] as Frame[]) : [],
    );
  }
  /** The first frame of a type that fits, however long ago it came. */
  async hears(type: string, fits: (frame: Frame) => boolean = () => true, withinMs = 20_000): Promise<Frame> {
    let found: Frame | undefined;
    await until(`a frame "${type}" comes`, () => (found = this.all(type).find(fits)) !== undefined, withinMs);
    return found!;
  }
  close(): void {
    this.#socket.close(1000);
  }
}
