/** Somebody on a kept-alive WebSocket: sends commands, many at once, and hears events. */
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";

export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

export class Person {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, (frame: Frame) => void>();
  /** What is done with every event. */
  onEvent: (event: Readonly<Record<string, unknown>>) => void = () => {};
  onSync: (sync: Readonly<Record<string, unknown>>) => void = () => {};
  /** The close code, once the other side has closed. */
  closed: number | undefined;
  #nth = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#take(JSON.parse(String(data)) as Frame));
    socket.on("close", (code) => {
      this.closed = code;
    });
  }

  static async connect(url: string, token: string): Promise<Person> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/connect`, "atoll.v1", { perMessageDeflate: false });
    await new Promise((done, fail) => socket.once("open", done).once("error", fail));
    const person = new Person(socket);
    const welcome = new Promise<Frame>((done) => person.#waiting.set("welcome", done));
    socket.send(JSON.stringify({ type: "hello", protocol: 1, token }));
    await welcome;
    return person;
  }

  async subscribe(channel: string): Promise<void> {
    await this.#ask({ type: "subscribe", channel });
  }

  /** Resolves with the answer when the command is durable; a refusal is an error. */
  async command(command: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.#ask({ type: "command", command: { id: randomUUID(), ...command } });
    return reply["result"] as Readonly<Record<string, unknown>>;
  }

  async send(channel: string, body: string): Promise<Readonly<Record<string, unknown>>> {
    return this.command({ kind: "message.send", channel, body });
  }

  close(): void {
    this.#socket.terminate();
  }

  #ask(frame: Readonly<Record<string, unknown>>): Promise<Frame> {
    this.#nth += 1;
    const id = `q${this.#nth}`;
    return new Promise((done, fail) => {
      this.#waiting.set(id, (reply) => (reply["ok"] === false ? fail(new Error(JSON.stringify(reply["error"]))) : done(reply)));
      this.#socket.send(JSON.stringify({ ...frame, id }));
    });
  }

  #take(frame: Frame): void {
    if (frame.type === "event") this.onEvent(frame["event"] as never);
    else if (frame.type === "events") for (const event of frame["items"] as never[]) this.onEvent(event);
    else if (frame.type === "sync") this.onSync(frame["sync"] as never);
    else {
      const key = frame.type === "welcome" ? "welcome" : frame.type === "reply" ? String(frame["id"]) : "";
      const told = this.#waiting.get(key);
      this.#waiting.delete(key);
      told?.(frame);
    }
  }
}
