/** What the people of a simulation asked for and what they were told: the only thing the checkers believe beside the logs themselves. */
import type { Command } from "../../core/command.ts";

export type Outcome = "ok" | "refused" | "unknown";

/** One try of one command at one region. */
export interface Attempt {
  readonly region: string;
  /** Which life of the region's process was asked. */
  readonly life: number;
  readonly fromMs: number;
  /** Nothing was wrong with the machine while it worked on this. */
  healthy: boolean;
  toMs: number;
  outcome: Outcome;
  code: string;
  replayed: boolean;
}

/** One command of one person, tried until it is answered. A timeout is unknown, never failure (T3). */
export interface Operation {
  readonly user: string;
  readonly command: Command;
  readonly attempts: Attempt[];
  outcome: Outcome;
  result: Readonly<Record<string, unknown>> | undefined;
}

export class History {
  readonly operations: Operation[] = [];
  readonly lines: string[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  note(text: string): void {
    this.lines.push(`${this.#nowMs().toFixed(1).padStart(9)} ${text}`);
  }

  begin(user: string, command: Command): Operation {
    const operation: Operation = { user, command, attempts: [], outcome: "unknown", result: undefined };
    this.operations.push(operation);
    return operation;
  }

  invoke(operation: Operation, region: string, life: number): Attempt {
    const nowMs = this.#nowMs();
    const attempt: Attempt = { region, life, fromMs: nowMs, healthy: true, toMs: nowMs, outcome: "unknown", code: "", replayed: false };
    operation.attempts.push(attempt);
    this.note(`invoke  ${region} ${operation.user} ${JSON.stringify(operation.command)}`);
    return attempt;
  }

  end(operation: Operation, attempt: Attempt, outcome: Outcome, { code = "", replayed = false } = {}): void {
    Object.assign(attempt, { outcome, code, replayed, toMs: this.#nowMs() });
    if (operation.outcome === "unknown") operation.outcome = outcome;
    this.note(`${outcome.padEnd(7)} ${attempt.region} ${operation.user} ${operation.command.id} ${code}${replayed ? " (repeat)" : ""}`);
  }
}
