/** A region's door on a log that answers when the test says so: virtual time, memory tables, no links. */

import type { Command } from "../core/command.ts";
import { recordById } from "../core/conflict-records.ts";
import type { Refusal } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { Accepted } from "../core/ports/acceptor.ts";
import type { EventLog } from "../core/ports/event-log.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import { HybridClock, stampRegion, stampTimeMs } from "../core/stamp.ts";
import { webhookSecrets } from "../core/webhooks.ts";
import { writesOf } from "../core/writes.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { CommandAcceptor } from "./acceptor.ts";
import { recallCommand } from "./command-rows.ts";
import { VirtualTime } from "./links.test-model.ts";
import { Packer } from "./packer.ts";
import { answerOf } from "./read/answers.ts";
import { regionView } from "./region-view.ts";
import { Replica } from "./replica.ts";
import { openContentKeys } from "./stamping.ts";
import { WorkingSet } from "./working-set.ts";

/** Takes messages at once and answers for them one by one, when told. */
export class HeldLog implements EventLog {
  readonly origin: string;
  readonly epoch = 1;
  readonly texts: string[] = [];
  readonly ids: string[] = [];
  /** Answers by themselves while false. */
  holds = false;
  readonly #waiting: (() => void)[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  append({ id, text }: { readonly id: string; readonly text: string }): Promise<number> {
    this.ids.push(id);
    const sequence = this.texts.push(text);
    if (!this.holds) return Promise.resolve(sequence);
    return new Promise((resolve) => this.#waiting.push(() => resolve(sequence)));
  }
  /** Answers for the oldest message that waits. */
  answer(): void {
    this.#waiting.shift()?.();
  }
  answerAll(): void {
    this.holds = false;
    while (this.#waiting.length > 0) this.answer();
  }
  get unanswered(): number {
    return this.#waiting.length;
  }
  get events(): readonly Event[] {
    return this.texts.flatMap((text) => JSON.parse(text) as Event[]);
  }
  /** Only what has been answered for. */
  head = (): number => this.texts.length - this.#waiting.length;
  read = (): never => {
    throw new Error("nobody reads here");
  };
  close = async (): Promise<void> => {};
}

export type Asking = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;
export type Outcome = { readonly done: Accepted } | { readonly refused: Refusal } | "waiting";

export class Door {
  readonly time = new VirtualTime(1_700_000_000_000);
  readonly log = new HeldLog("us");
  readonly tables = new WorkingSet(openMemoryStore());
  readonly clock = new HybridClock({ region: "us", physical: { nowMs: () => this.time.nowMs }, boundMs: 5_000 });
  readonly replica = new Replica({
    region: "us",
    tables: this.tables,
    nowMs: () => this.time.nowMs,
    view: (self) => regionView(this.tables, () => self.vector, recordById),
    applied: () => {},
    distrusted: () => {},
  });
  readonly packer = new Packer({
    log: this.log,
    life: "first",
    take: (sequence, events) => {
      this.replica.applyMessage("us", 1, sequence, events);
      return undefined;
    },
  });
  /** Per region: everything up to here is here. */
  readonly completeToMs: Record<string, number> = {};
  readonly acceptor = new CommandAcceptor({
    region: "us",
    clock: this.clock,
    packer: this.packer,
    keys: openContentKeys("the mesh's secret"),
    timers: this.time,
    view: this.replica.view,
    remembered: (key) => recallCommand(this.tables, key),
    writtenBy: (event) => writesOf(event, { origin: "us", epoch: 0, sequence: 0, place: 0 }, "").map(({ key }) => key),
    answer: (event) => answerOf(event, (channel) => channel, webhookSecrets("a test")),
    isPast: (stamp) => stampTimeMs(stamp) <= (this.completeToMs[stampRegion(stamp)] ?? 0),
    closed: () => undefined,
  });
  #commands = 0;

  /** Asks and does not wait: what has become of it so far can be looked at any time. */
  ask(user: string, asking: Asking, id = `command-${++this.#commands}`): { now: Outcome } {
    const asked: { now: Outcome } = { now: "waiting" };
    this.acceptor.submit({ user, roles: ["user"] }, { id, ...asking } as Command).then(
      (done) => (asked.now = { done }),
      (refused: Refusal) => (asked.now = { refused }),
    );
    return asked;
  }

  /** Asks, and the log answers. */
  async do(user: string, asking: Asking, id?: string): Promise<Readonly<Record<string, unknown>>> {
    const asked = this.ask(user, asking, id);
    await this.time.until(() => asked.now !== "waiting", 1_000, 1);
    if (typeof asked.now === "string" || "refused" in asked.now) throw asked.now;
    return asked.now.done.result as Readonly<Record<string, unknown>>;
  }

  async room(): Promise<{ readonly channel: string; readonly message: string }> {
    const channel = String(
      (await this.do("ana", { kind: "channel.create", name: "one", members: [{ user: "eve", role: "moderator" }] }))["id"],
    );
    const message = String((await this.do("ana", { kind: "message.send", channel, body: "Hello" }))["id"]);
    return { channel, message };
  }

  /** Texts of one message's versions that nothing follows. */
  headsOf(kind: string): readonly number[] {
    const rows = [...this.tables.range("registers", keysUnder(""))].filter(([key]) => key.includes(`|${kind}|`));
    return rows.map(([, { resolution }]) => resolution.heads.length);
  }
}
