/**
 * One author's socket to a region: commands go out as they come, without waiting for each other's answers, and the region takes them in that
 * order (L5). What breaks off without an answer is sent again with the same id, in order, there or in another region, until somebody answers (T3).
 */
import { WebSocket } from "ws";

export interface Asked {
  readonly id: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}
/** The command's answer, or why it was refused. */
export type Answered =
  | { readonly ok: true; readonly result: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly code: string; readonly message: string };
export interface Outcome {
  /** undefined: nobody ever answered; what became of it is unknown. */
  readonly answer: Answered | undefined;
  /** Which of the doors answered; that of home where nobody did. */
  readonly by: string;
  readonly ms: number;
  /** It was sent more than once: it may stand behind what its author said later. */
  readonly retried: boolean;
}

interface Open {
  readonly command: Asked;
  readonly done: (outcome: Outcome) => void;
  readonly beganMs: number;
  sent: boolean;
  retried: boolean;
}

/** Below what the door lets wait for one author. */
const WINDOW = 64;
/** How often a line without an answer is tried again, alternating regions, before its commands count as unknown. */
const TRIES = 30;
const PER_REGION = 3;
const ANSWER_MS = 10_000;

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string; readonly retryable?: boolean };
}

export interface AuthorLineOptions {
  /** Regions and the addresses of their WebSocket doors, the author's home first. */
  readonly doors: readonly (readonly [region: string, address: string])[];
  readonly token: () => Promise<string>;
  /** Is given the ids of commands that go out more than once: they may come to stand behind what their author said later. */
  readonly again: Set<string>;
  /** Runs something after a pause. */
  readonly later?: (run: () => void, ms: number) => void;
}

export class AuthorLine {
  readonly #options: AuthorLineOptions;
  /** Unanswered, in the author's order. */
  #open: Open[] = [];
  #socket: WebSocket | undefined;
  /** The line broke and pauses before the next try. Who asks meanwhile waits for it too: of two sockets one would never be closed. */
  #pauses = false;
  #closed = false;
  #welcome = false;
  /** Of `doors`: whose socket it is. */
  #door = 0;
  /** Something was not taken: nothing more goes out until all that is out has been answered. */
  #holds = false;
  #tries = 0;
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: AuthorLineOptions) {
    this.#options = options;
  }

  ask(command: Asked): Promise<Outcome> {
    return new Promise((done) => {
      this.#open.push({ command, done, beganMs: performance.now(), sent: false, retried: false });
      if (this.#socket === undefined && !this.#pauses) void this.#connect();
      else this.#send();
    });
  }

  close(): void {
    this.#closed = true;
    this.#leave();
  }

  #leave(): void {
    clearTimeout(this.#deadline);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
  }

  async #connect(): Promise<void> {
    const { doors, token } = this.#options;
    this.#door = Math.floor(this.#tries / PER_REGION) % doors.length;
    const socket = new WebSocket(doors[this.#door]?.[1] ?? "", "atoll.v1", { perMessageDeflate: false });
    this.#socket = socket;
    this.#welcome = false;
    this.#await(socket);
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      if (this.#socket === socket) this.#broken();
    });
    socket.on("message", (data) => {
      if (this.#socket === socket) this.#take(JSON.parse(String(data)) as Frame);
    });
    const hello = JSON.stringify({ type: "hello", protocol: 1, token: await token(), client: "atoll play" });
    if (socket.readyState === WebSocket.OPEN) socket.send(hello);
    else socket.on("open", () => socket.send(hello));
  }

  #take(frame: Frame): void {
    if (frame.type === "welcome") {
      this.#welcome = true;
      this.#send();
    } else if (frame.type === "reply") this.#answered(frame);
  }

  #answered({ id, ok, result, error }: Frame): void {
    const at = this.#open.findIndex(({ command, sent }) => sent && command.id === id);
    const one = this.#open[at];
    if (one === undefined) return;
    if (ok !== true && (error?.retryable === true || error?.code === "too-many-requests")) this.#notTaken(one);
    else {
      this.#open.splice(at, 1);
      this.#tries = 0;
      const answer: Answered =
        ok === true ? { ok, result: result ?? {} } : { ok: false, code: error?.code ?? "", message: error?.message ?? "" };
      one.done({ answer, by: this.#options.doors[this.#door]?.[0] ?? "", ms: performance.now() - one.beganMs, retried: one.retried });
    }
    if (this.#socket !== undefined) this.#await(this.#socket);
    if (this.#open.length === 0 && this.#door > 0)
      this.#leave(); // the next one tries at home again
    else if (this.#holds) this.#again();
    else this.#send();
  }

  #notTaken(one: Open): void {
    one.sent = false;
    one.retried = true;
    this.#holds = true;
    this.#options.again.add(one.command.id);
  }

  /** When nothing is out any more, what was not taken goes out once more, in order, after a pause. */
  #again(): void {
    if (this.#open.some(({ sent }) => sent)) return;
    this.#later(() => {
      this.#holds = false;
      this.#send();
    });
  }

  #broken(): void {
    this.#socket = undefined;
    clearTimeout(this.#deadline);
    for (const one of this.#open) if (one.sent) this.#notTaken(one);
    this.#holds = false;
    if (this.#open.length === 0) return;
    this.#pauses = true;
    this.#later(() => {
      this.#pauses = false;
      if (!this.#closed) void this.#connect();
    });
  }

  #later(run: () => void): void {
    this.#tries += 1;
    const { later = setTimeout } = this.#options;
    if (this.#tries <= TRIES) later(run, Math.min(1_000, 50 * 2 ** Math.min(this.#tries, 5)));
    else this.#giveUp();
  }

  #giveUp(): void {
    this.#pauses = false;
    const by = this.#options.doors[0]?.[0] ?? "";
    for (const one of this.#open.splice(0)) one.done({ answer: undefined, by, ms: performance.now() - one.beganMs, retried: true });
  }

  #send(): void {
    const socket = this.#socket;
    if (socket === undefined || !this.#welcome || this.#holds) return;
    for (const one of this.#open.slice(0, WINDOW)) {
      if (one.sent) continue;
      one.sent = true;
      socket.send(JSON.stringify({ type: "command", id: one.command.id, command: one.command }));
    }
    this.#await(socket);
  }

  /** A region that says nothing for too long is left, as one that is gone. */
  #await(socket: WebSocket): void {
    clearTimeout(this.#deadline);
    if (this.#open.length > 0) this.#deadline = setTimeout(() => socket.terminate(), ANSWER_MS);
  }
}
