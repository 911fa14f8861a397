/**
 * An author's commands, first in, first out (law L5): they go out as they come, without waiting for each other's answers, and the region takes them in
 * that order. What breaks off without an answer is sent again with the same id, in order, there or in another region, until somebody answers (T3).
 *
 * A command that a region cannot take now (429, 503) holds the queue: nothing more goes out until all that is out has been answered; then it goes out
 * again first. What its author had sent right behind it may have been taken meanwhile; `inFlight: 1` rules that out, and costs a round trip each.
 */
import { LIMITS } from "../../core/limits.ts";
import type { Timer } from "../../core/ports/time.ts";
import { type Asked, AskedOnce } from "./asked.ts";
import { ASK_AGAIN, pauseMs } from "./back-off.ts";
import type { Answers, AskedCommand, AskedKind } from "./commands.ts";
import { AtollError, refusalFrom } from "./errors.ts";
import type { Reply, SaidFrame } from "./frames.ts";
import type { KeptCommand } from "./kept-commands.ts";
import type { Surroundings } from "./surroundings.ts";

export interface QueueLimits {
  /** Commands that wait for an answer, those not sent yet among them; one more is refused at once (`queue-full`). */
  readonly queue: number;
  /** Of them, how many are out at the same time. */
  readonly inFlight: number;
  /** One that nobody has answered for so long is given up (`unknown` or `not-sent`). Regions know a command's id for 30 days. */
  readonly patienceMs: number;
}
/** `inFlight` is below what a region lets wait for one author. */
export const QUEUE_LIMITS: QueueLimits = { queue: 1_000, inFlight: 64, patienceMs: 24 * 3_600_000 };

export interface QueueParts {
  readonly surroundings: Pick<Surroundings, "timers" | "chance" | "now">;
  readonly limits: QueueLimits;
  /** Nothing goes out before `restore` was called. */
  readonly waitsForEarlier: boolean;
  /** Sends a frame with a fresh id; undefined: the line broke first. */
  readonly ask: (frame: (id: string) => SaidFrame, answered: (reply: Reply | undefined) => void) => void;
  /** The region's name, while one has taken us in. */
  readonly region: () => string | undefined;
  /** Gives this region up for another: it takes nothing, or answers nothing. */
  readonly moveOn: (why: string) => void;
  /** It waits from now on, or is refused at once. */
  readonly added: (asked: Asked) => void;
  readonly changed: (asked: AskedOnce) => void;
}

const ANSWER_MS = 10_000;
/** So many rounds on end a region may say that it takes nothing now. */
const UNAVAILABLE_TIMES = 3;

export class CommandQueue {
  readonly #parts: QueueParts;
  /** Unanswered, in the author's order. */
  #open: { readonly asked: AskedOnce; readonly until: Timer }[] = [];
  #isComplete: boolean;
  #holds = false;
  /** What the region asked for before what it refused is sent again. */
  #holdMs = 0;
  /** Rounds in which the region took nothing. */
  #refusedInRow = 0;
  /** In this round it said so, and not only that it is asked too often. */
  #isUnavailable = false;
  #pause: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#isComplete = !parts.waitsForEarlier;
  }

  /** In the author's order. */
  get unanswered(): readonly AskedOnce[] {
    return this.#open.map(({ asked }) => asked);
  }

  add(command: AskedCommand): Asked {
    const { surroundings, changed, added } = this.#parts;
    const asked = new AskedOnce(command, surroundings.now(), changed);
    const refused = this.#refusedHere(command);
    if (refused === undefined) this.#open.push(this.#patient(asked));
    added(asked);
    if (refused !== undefined) asked.ended(refused.code === "queue-full" ? "not-sent" : "refused", refused);
    this.#send();
    return asked;
  }

  /** What an earlier client left goes before all that this one was given; it may have been sent before. */
  restore(kept: readonly KeptCommand[]): readonly Asked[] {
    const { surroundings, limits, changed, added } = this.#parts;
    const earlier = kept.map(({ command, askedMs }) => {
      const asked = new AskedOnce(command, askedMs, changed);
      asked.everSent = true;
      asked.retried = true;
      return asked;
    });
    this.#open = [...earlier.map((asked) => this.#patient(asked)), ...this.#open];
    for (const asked of earlier) added(asked);
    for (const asked of earlier) if (asked.askedMs + limits.patienceMs <= surroundings.now()) this.#giveUp(asked, TOO_LATE);
    this.#isComplete = true;
    this.#send();
    return earlier;
  }

  /** A region has taken us in: all that waits goes out, in order. */
  welcomed(): void {
    this.#refusedInRow = 0;
    this.#send();
  }

  broken(): void {
    this.#forgive();
    this.#pause?.cancel();
    this.#release();
    for (const { asked } of this.#open) if (asked.isOut) this.#notTaken(asked);
  }

  close(): void {
    this.#forgive();
    this.#pause?.cancel();
    for (const { asked } of [...this.#open]) this.#giveUp(asked, "The client was closed first.");
  }

  #patient(asked: AskedOnce): { readonly asked: AskedOnce; readonly until: Timer } {
    const { limits, surroundings } = this.#parts;
    const leftMs = Math.max(0, asked.askedMs + limits.patienceMs - surroundings.now());
    return { asked, until: surroundings.timers.after(leftMs, () => this.#giveUp(asked, TOO_LATE)) };
  }

  /** What no region would take, and some could not even answer. */
  #refusedHere(command: AskedCommand): AtollError | undefined {
    const { limits } = this.#parts;
    if (this.#open.length >= limits.queue)
      return new AtollError("queue-full", `${limits.queue} commands wait for an answer already.`, {
        hint: "Wait until the region can be reached, or raise `queue`.",
      });
    const bytes = new TextEncoder().encode(JSON.stringify(command)).length;
    if (bytes + FRAME_AROUND > LIMITS.frameBytes)
      return new AtollError("too-large", `The command takes ${bytes} bytes; a frame takes ${LIMITS.frameBytes}.`, {
        hint: "Say less at once.",
      });
    return undefined;
  }

  #send(): void {
    if (this.#parts.region() === undefined || this.#holds || !this.#isComplete) return;
    for (const { asked } of this.#open.slice(0, this.#parts.limits.inFlight)) {
      if (asked.isOut) continue;
      asked.isOut = true;
      asked.everSent = true;
      this.#parts.ask(
        (id) => ({ type: "command", id, command: asked.command }),
        (reply) => reply !== undefined && this.#answered(asked, reply),
      );
    }
    this.#await();
  }

  #answered(asked: AskedOnce, reply: Reply): void {
    if (!asked.isOut) return;
    this.#forgive();
    if (!reply.ok && reply.error.retryable) {
      this.#notTaken(asked);
      this.#holds = true;
      this.#isUnavailable ||= reply.error.code === "unavailable";
      this.#holdMs = Math.max(this.#holdMs, reply.error.retryAfterMs ?? 0);
      this.#again();
      return;
    }
    this.#refusedInRow = 0;
    this.#take(asked);
    if (reply.ok) asked.accepted(reply.result as Answers[AskedKind], this.#parts.region() ?? "");
    else asked.ended("refused", refusalFrom(reply.error));
    if (this.#holds) this.#again();
    else this.#send();
  }

  #notTaken(asked: AskedOnce): void {
    asked.isOut = false;
    asked.retried = true;
  }

  /** When nothing is out any more, what was not taken goes out once more, in order, after a pause. */
  #again(): void {
    this.#await();
    if (this.#open.some(({ asked }) => asked.isOut)) return;
    this.#refusedInRow += 1;
    if (this.#isUnavailable && this.#refusedInRow >= UNAVAILABLE_TIMES) {
      this.#parts.moveOn("the region takes no commands");
      return;
    }
    const { timers, chance } = this.#parts.surroundings;
    this.#pause?.cancel();
    this.#pause = timers.after(Math.max(this.#holdMs, pauseMs(ASK_AGAIN, this.#refusedInRow, chance())), () => {
      this.#release();
      this.#send();
    });
  }

  #release(): void {
    this.#holds = false;
    this.#holdMs = 0;
    this.#isUnavailable = false;
  }

  #giveUp(asked: AskedOnce, words: string): void {
    this.#take(asked);
    asked.isOut = false;
    this.#await();
    if (asked.everSent)
      asked.ended(
        "unknown",
        new AtollError("unknown", `${words} What became of the command is unknown: it may have been accepted.`, {
          hint: "Give it once more with the same id: it has one effect.",
        }),
      );
    else asked.ended("not-sent", new AtollError("not-sent", `${words} The command has not been sent.`));
  }

  #take(asked: AskedOnce): void {
    this.#open = this.#open.filter((one) => {
      if (one.asked !== asked) return true;
      one.until.cancel();
      return false;
    });
  }

  /** A region that answers nothing for too long is left, as one that is gone. What goes out meanwhile gives it no more time. */
  #await(): void {
    if (!this.#open.some(({ asked }) => asked.isOut)) this.#forgive();
    else this.#deadline ??= this.#parts.surroundings.timers.after(ANSWER_MS, () => this.#parts.moveOn("the region answers no commands"));
  }
  #forgive(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }
}

const TOO_LATE = "Nobody answered in time.";
/** What stands around a command in its frame. */
const FRAME_AROUND = 256;
