/** What was said to whoever wrote, kept while a piece is played, and judged at its end against what every region shows. */
import type { MeshAccess } from "./access.ts";
import type { Audience } from "./audience.ts";
import type { Outcome } from "./author-line.ts";
import { compareHistory } from "./ledger.ts";
import type { Staged } from "./stage.ts";

export interface Verdict {
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly undelivered: number;
  /** Commands that a region which is gone accepted and some other region lacks: they lie on its disk. */
  readonly outOfReach: number;
}

export class Tally {
  sent = 0;
  unknown = 0;
  /** Changes that were accepted. One that was refused came too late: the other side's delete stood. */
  changes = 0;
  readonly refused: string[] = [];
  readonly localMs: number[] = [];
  /** Ids of accepted messages by the name of their channel, each with its command. */
  readonly #messages = new Map<string, Map<string, string>>();
  /** All that was accepted, messages and changes, and by which region. */
  readonly #by = new Map<string, string>();

  /** Returns the id of a message that was accepted. */
  settle(channel: string, key: string, { answer, by }: Outcome): string | undefined {
    if (answer === undefined) this.unknown += 1;
    else if (!answer.ok) this.refused.push(`${answer.code} ${answer.message}`);
    else {
      this.accepted(key, by);
      const message = String(answer.result["id"]);
      let messages = this.#messages.get(channel);
      if (messages === undefined) this.#messages.set(channel, (messages = new Map()));
      messages.set(message, key);
      return message;
    }
    return undefined;
  }
  accepted(command: string, by: string): void {
    this.#by.set(command, by);
  }

  /** Commands of regions that are not among these; readers are owed no others. */
  owed(gone: readonly string[]): ReadonlySet<string> {
    return new Set([...this.#by].filter(([, by]) => !gone.includes(by)).map(([command]) => command));
  }

  /** Readers' streams and every region's histories against what was accepted; regions that are gone are not asked. */
  async judge(access: MeshAccess, staged: ReadonlyMap<string, Staged>, audience: Audience, gone: readonly string[]): Promise<Verdict> {
    const owed = this.owed(gone);
    const outOfReach = audience.lacking(
      [...this.#by.keys()].filter((command) => !owed.has(command)),
      gone,
    );
    let lost = 0;
    let duplicated = audience.duplicated();
    for (const { name } of access.regions) {
      if (gone.includes(name)) continue;
      for (const [channel, { id, owner }] of staged) {
        const messages = [...(this.#messages.get(channel) ?? [])];
        const shown = await access.history(name, id, owner);
        const mine = new Set(messages.filter(([, command]) => owed.has(command)).map(([message]) => message));
        const compared = compareHistory(mine, shown);
        lost += compared.lost;
        duplicated += compared.duplicated;
      }
    }
    const undelivered = audience.missing(owed, gone);
    return { lost: lost + undelivered, duplicated, outOfOrder: audience.outOfOrder(), undelivered, outOfReach };
  }
}
