/**
 * One command on its way (contract §5): `pending` until somebody answers, then `accepted` (durable in one region) and `replicated` (every region holds
 * it), or `refused`. No answer is not a no: one that was sent and never answered ends as `unknown`, one that never left as `not-sent`.
 */
import { stampRegion } from "../../core/stamp.ts";
import type { Answers, AskedCommand, AskedKind } from "./commands.ts";
import type { AtollError } from "./errors.ts";

export type CommandState =
  | { readonly is: "pending" }
  /** `region`: which accepted it. */
  | { readonly is: "accepted"; readonly region: string }
  | { readonly is: "replicated"; readonly region: string }
  | { readonly is: "refused" | "unknown" | "not-sent"; readonly why: AtollError };

export interface Asked<Kind extends AskedKind = AskedKind> {
  /** The Idempotency-Key, under which every region knows it. */
  readonly id: string;
  readonly command: AskedCommand;
  /** When it was given, by the clock of this machine: milliseconds since 1970. */
  readonly askedMs: number;
  readonly state: CommandState;
  /** It went out more than once, so it may stand behind what its author said later. */
  readonly retried: boolean;
  /** The region's answer; rejects with an AtollError when the state becomes `refused`, `unknown` or `not-sent`. Nobody need look. */
  readonly answer: Promise<Answers[Kind]>;
  /** Every region holds it. Rejects as `answer` does; stays open where nobody can tell, as for kinds whose answer names no version. */
  readonly replicated: Promise<void>;
}

export class AskedOnce implements Asked {
  readonly command: AskedCommand;
  readonly askedMs: number;
  readonly answer: Promise<Answers[AskedKind]>;
  readonly replicated: Promise<void>;
  state: CommandState = { is: "pending" };
  retried = false;
  /** It has left at least once. */
  everSent = false;
  /** It is out, and waits for its answer on the line that is. */
  isOut = false;
  /** The answer, once there is one. */
  result: Answers[AskedKind] | undefined;
  readonly #changed: (asked: AskedOnce) => void;
  #answered: { resolve(answer: Answers[AskedKind]): void; reject(why: AtollError): void } | undefined;
  #everywhere: { resolve(): void; reject(why: AtollError): void } | undefined;

  constructor(command: AskedCommand, askedMs: number, changed: (asked: AskedOnce) => void) {
    this.command = command;
    this.askedMs = askedMs;
    this.#changed = changed;
    this.answer = new Promise((resolve, reject) => (this.#answered = { resolve, reject }));
    this.replicated = new Promise((resolve, reject) => (this.#everywhere = { resolve, reject }));
    for (const promise of [this.answer, this.replicated]) promise.catch(() => {}); // whoever looks is told; nobody must
  }

  get id(): string {
    return this.command.id;
  }

  accepted(answer: Answers[AskedKind], by: string): void {
    if (this.state.is !== "pending") return;
    const { version } = answer as { readonly version?: string };
    this.result = answer;
    this.state = { is: "accepted", region: version === undefined ? by : stampRegion(version) };
    this.#answered?.resolve(answer);
    this.#changed(this);
  }

  everywhere(): void {
    if (this.state.is !== "accepted") return;
    this.state = { is: "replicated", region: this.state.region };
    this.#everywhere?.resolve();
    this.#changed(this);
  }

  ended(is: "refused" | "unknown" | "not-sent", why: AtollError): void {
    if (this.state.is !== "pending") return;
    this.state = { is, why };
    this.#answered?.reject(why);
    this.#everywhere?.reject(why);
    this.#changed(this);
  }
}
