/** What a region finds of its log when it starts: its own log server, and its peers' mirrors and stores over the network. */
import type { EventLog, LogMessage } from "../../core/ports/event-log.ts";
import { type HeldEpoch, together } from "../../reconciliation/choose-epoch.ts";
import type { LogShelf } from "../../reconciliation/log-opening.ts";
import type { StoredLog } from "../../reconciliation/stored-log.ts";
import { openEventLog } from "./event-log.ts";
import type { Life } from "./life.ts";
import type { LogServer } from "./log-server.ts";
import type { Mirrors } from "./mirror.ts";
import type { Network } from "./network.ts";
import type { Roster } from "./roster.ts";

const ASK_MS = 500;
const AGAIN_MS = 50;
const BATCH = 16;

export interface ShelfParts {
  readonly region: string;
  readonly life: Life;
  readonly server: LogServer;
  readonly mirrors: Mirrors;
  readonly network: Network;
  readonly roster: Roster;
  /** Whether a process runs there now. */
  readonly lives: (peer: string) => boolean;
  /** The region's log as a peer's store holds it. */
  readonly storedAt: (peer: string) => StoredLog;
}

export class Shelf implements LogShelf {
  readonly #parts: ShelfParts;

  constructor(parts: ShelfParts) {
    this.#parts = parts;
  }

  async held(): Promise<readonly HeldEpoch[]> {
    return this.#parts.server.epochs.flatMap(([epoch, { texts, opened }]) => (opened ? [{ epoch, first: 1, head: texts.length }] : []));
  }

  async answers(patienceMs: number): Promise<ReadonlyMap<string, readonly HeldEpoch[]>> {
    const { life, mirrors, region, roster, storedAt } = this.#parts;
    const untilMs = life.monotonicMs() + patienceMs;
    const answers = new Map<string, readonly HeldEpoch[]>();
    const askOne = async (peer: string): Promise<void> => {
      while (life.monotonicMs() < untilMs) {
        const held = await this.#ask(
          peer,
          () => together(mirrors.held(peer, region), storedAt(peer).held),
          Math.min(ASK_MS, untilMs - life.monotonicMs()),
        );
        if (held !== undefined) return void answers.set(peer, held);
        await life.sleep(AGAIN_MS);
      }
    };
    await Promise.all(roster.peersOf(region).map(askOne));
    return answers;
  }

  async restoreFrom(peer: string, epoch: number, upTo: number): Promise<void> {
    const { region, life, server, mirrors, storedAt } = this.#parts;
    const log = server.epoch(epoch);
    const storedAfter = (from: number): readonly string[] => [...storedAt(peer).read(epoch, from)].slice(0, BATCH).map(({ text }) => text);
    while (log.texts.length < upTo) {
      const from = log.texts.length;
      const mirrored = await this.#ask(peer, () => mirrors.of(peer, region, epoch).texts.slice(from, from + BATCH), ASK_MS);
      const batch = mirrored?.length === 0 ? await this.#ask(peer, () => storedAfter(from), ASK_MS) : mirrored;
      if (batch === undefined || batch.length === 0) throw new Error(`${peer} gives no more of ${epoch} than ${from}`);
      for (const text of batch) log.restore(text, life);
    }
  }

  async restore(epoch: number, messages: Iterable<LogMessage>): Promise<void> {
    const { life, server } = this.#parts;
    for (const { sequence, text } of messages) {
      if (sequence % BATCH === 0) await life.sleep(1);
      const log = server.epoch(epoch);
      if (sequence !== log.texts.length + 1) throw new Error(`message ${sequence} would land at ${log.texts.length + 1}`);
      log.restore(text, life);
    }
  }

  async open(epoch: number): Promise<EventLog> {
    const { server, life } = this.#parts;
    server.epoch(epoch).opened = true;
    return openEventLog(server, epoch, life);
  }

  /** Undefined: no answer within the time. */
  #ask<T>(peer: string, answer: () => T, withinMs: number): Promise<T | undefined> {
    const { region, life, network, lives } = this.#parts;
    return new Promise((resolve) => {
      life.after(withinMs, () => resolve(undefined));
      network.send(region, peer, () => {
        if (!lives(peer)) return;
        const said = answer();
        network.send(peer, region, () => life.deliver(() => resolve(said)));
      });
    });
  }
}
