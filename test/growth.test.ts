/**
 * How costs grow, counted and not timed (performance.md): a wrong slope is a bug even where the number is small. Reads are counted at the port
 * of the store, writes at the port of the socket.
 */
import { describe, expect, test } from "vitest";
import { applyUpdate, Doc } from "yjs";
import type { StateStore, TableName } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Vector } from "../core/position.ts";
import { Flusher, Outbox } from "../gateway/outbox.ts";
import { DEFAULT_LIMITS } from "../gateway/parts.ts";
import { SharedFrames } from "../gateway/shared-frames.ts";
import { type FrameSocket, wireFrame } from "../gateway/wire-frame.ts";
import { openRegion } from "../reconciliation/region.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import { openMemoryLog } from "../regions/embedded/memory-log.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { PEERLESS } from "./stories/peerless-link.ts";

/** Rows that were read, however they were asked for. */
function counting(store: StateStore): { readonly store: StateStore; rows: number } {
  const counted = {
    rows: 0,
    store: {
      ...store,
      get: (table: TableName, key: string) => {
        counted.rows += 1;
        return store.get(table, key);
      },
      *range(table: TableName, range: Parameters<StateStore["range"]>[1]) {
        for (const row of store.range(table, range)) {
          counted.rows += 1;
          yield row;
        }
      },
    } as StateStore,
  };
  return counted;
}

/** Timers that run when the test says so. */
function openHand(): { readonly timers: Timers; run(): Promise<void> } {
  let due: (() => void)[] = [];
  const after: Timers["after"] = (_, run) => {
    due.push(run);
    return {
      cancel: () => {
        due = due.filter((other) => other !== run);
      },
    };
  };
  return {
    timers: { after, every: () => ({ cancel: () => {} }), monotonicMs: () => 0 },
    run: async () => {
      const now = due;
      due = [];
      for (const run of now) run();
      for (let i = 0; i < 10; i += 1) await Promise.resolve();
    },
  };
}

const AUTHORS = 20;

class Counted {
  readonly counter = counting(openMemoryStore());
  readonly #hand = openHand();
  #region: Region | undefined;
  #sent = 0;
  readonly #notes = new Doc();
  readonly #typed: Uint8Array[] = [];
  channel = "";

  static async holding(messages: number): Promise<Counted> {
    const one = new Counted();
    one.#notes.on("update", (update: Uint8Array) => one.#typed.push(update));
    let nowMs = Date.UTC(2026, 0, 5, 10);
    one.#region = await openRegion({
      region: "us",
      regions: ["us"],
      store: one.counter.store,
      log: openMemoryLog("us", 1),
      link: PEERLESS,
      timers: one.#hand.timers,
      physical: { nowMs: () => (nowMs += 1) },
      random: () => 0.5,
      secret: "the mesh's secret",
      boot: "boot",
    });
    const members = Array.from({ length: AUTHORS - 1 }, (_, i) => ({ user: `author-${i + 1}`, role: "member" as const }));
    const made = await one.region.acceptor.submit(
      { user: "author-0", roles: ["user"] },
      { id: "c", kind: "channel.create", name: "room", members },
    );
    one.channel = String((made.result as { readonly id?: unknown }).id);
    await one.send(messages);
    return one;
  }

  get region(): Region {
    if (this.#region === undefined) throw new Error("no region");
    return this.#region;
  }
  get identity(): string {
    return this.region.reader.memberChannel({ user: "author-0", roles: ["user"] }, this.channel);
  }

  /** All of them committed. */
  async send(count: number): Promise<void> {
    for (let left = count; left > 0; left -= AUTHORS) {
      const turn = Array.from({ length: Math.min(left, AUTHORS) }, (_, nth) => {
        this.#sent += 1;
        const command = { id: `m${this.#sent}`, kind: "message.send", channel: this.channel, body: `message ${this.#sent}` } as const;
        return this.region.acceptor.submit({ user: `author-${nth}`, roles: ["user"] }, command);
      });
      await Promise.all(turn);
      if (left % 400 < AUTHORS) await this.#hand.run();
    }
    while (this.region.health().rowsAhead > 0) await this.#hand.run();
  }

  /** One after the other into the channel's notes, letter by letter. All of it folded that is due. */
  async type(letters: number): Promise<void> {
    for (let nth = 0; nth < letters; nth += 1) {
      this.#notes.getText("notes").insert(this.#notes.getText("notes").length, "x");
      const update = Buffer.from(this.#typed.splice(0)[0] ?? []).toString("base64");
      const command = { id: `d${(this.#sent += 1)}`, kind: "document.update", channel: this.channel, document: null, update } as const;
      await this.region.acceptor.submit({ user: "author-0", roles: ["user"] }, command);
      if (nth % 100 === 99) await this.#hand.run();
    }
    for (let turns = 0; turns < 5; turns += 1) await this.#hand.run();
    while (this.region.health().rowsAhead > 0) await this.#hand.run();
  }

  /** What opening the notes costs in rows, and how many letters stand there. */
  opened(): { readonly rows: number; readonly letters: number } {
    const before = this.counter.rows;
    const doc = new Doc();
    for (const piece of this.region.documents.changes(this.identity, null)) applyUpdate(doc, Buffer.from(piece, "base64"));
    return { rows: this.counter.rows - before, letters: doc.getText("notes").length };
  }

  /** What reading everything after `from` costs in rows. */
  async missed(from: Vector): Promise<{ readonly events: number; readonly rows: number }> {
    const { reader } = this.region;
    const before = this.counter.rows;
    let events = 0;
    for (let at = from; ; ) {
      const page = reader.missed("author-0", { channels: [this.identity], own: true, from: at, to: reader.applied(), limit: 20 });
      events += page.items.length;
      if (page.complete) return { events, rows: this.counter.rows - before };
      at = page.cursor;
    }
  }
}

test("H2: catching up costs what was missed, and a message costs the same few rows, whatever the region holds", async () => {
  const one = await Counted.holding(1_000);
  const cost = async (missed: number): Promise<{ readonly reading: number; readonly sending: number }> => {
    const from = one.region.replica.vector;
    const before = one.counter.rows;
    await one.send(missed);
    const sending = (one.counter.rows - before) / missed;
    const { events, rows } = await one.missed(from);
    expect(events).toBe(missed);
    return { reading: rows, sending };
  };
  const few = await cost(50);
  const ten = await cost(500);
  await one.send(20_000);
  const many = await cost(50);
  expect(few.reading).toBeLessThan(50 * 6);
  expect(ten.reading).toBeLessThanOrEqual(few.reading * 11);
  expect(many.reading).toBe(few.reading);
  expect(few.sending).toBeLessThan(15);
  expect(many.sending).toBeLessThan(few.sending + 1);
});

test("a document is opened from its last checkpoint on: that costs what has come since, not what was ever written", async () => {
  const one = await Counted.holding(0);
  const costs: { readonly rows: number; readonly writing: number }[] = [];
  for (const letters of [1_000, 4_000]) {
    const before = one.counter.rows;
    await one.type(letters);
    const writing = (one.counter.rows - before) / letters;
    costs.push({ rows: one.opened().rows, writing });
  }
  expect(one.opened().letters).toBe(5_000);
  for (const { rows, writing } of costs) expect([rows < 1_500, writing < 20]).toEqual([true, true]);
  await one.type(20);
  expect(one.opened().rows).toBeLessThan((costs[1]?.rows ?? 0) + 100);
});

class CountingSocket implements FrameSocket {
  readonly takesBytes = true;
  readonly written: Buffer[] = [];
  isOpen = (): boolean => true;
  waitingBytes = (): number => 0;
  write = (bytes: Buffer): void => {
    this.written.push(bytes);
  };
  onDrain = (): void => {};
  send = (): void => {
    throw new Error("frames go out in one piece");
  };
  close = (): void => {};
  terminate = (): void => {};
}

describe("M6: what a delivery costs", () => {
  const connections = (
    count: number,
  ): { readonly sockets: readonly CountingSocket[]; readonly outboxes: readonly Outbox[]; turn(): void } => {
    let due: (() => void)[] = [];
    const flusher = new Flusher((run) => due.push(run));
    const sockets = Array.from({ length: count }, () => new CountingSocket());
    const timers: Timers = { after: () => ({ cancel: () => {} }), every: () => ({ cancel: () => {} }), monotonicMs: () => 0 };
    const slow = (): void => {
      throw new Error("nobody is slow here");
    };
    const outboxes = sockets.map((socket) => new Outbox({ socket, flusher, timers, limits: DEFAULT_LIMITS, slow }));
    const turn = (): void => {
      const now = due;
      due = [];
      for (const run of now) run();
    };
    return { sockets, outboxes, turn };
  };

  test.each([1, 16, 200])("%i frames of one turn are one write a connection, and one piece of memory for all of them", (frames) => {
    const { sockets, outboxes, turn } = connections(300);
    for (let nth = 0; nth < frames; nth += 1) {
      const frame = wireFrame(`{"type":"event","nth":${nth}}`, true);
      for (const outbox of outboxes) outbox.push(frame);
    }
    expect(sockets.every(({ written }) => written.length === 0)).toBe(true);
    turn();
    expect(sockets.map(({ written }) => written.length)).toEqual(sockets.map(() => 1));
    expect(new Set(sockets.map(({ written }) => written[0])).size).toBe(1);
    turn();
    expect(sockets.every(({ written }) => written.length === 1)).toBe(true);
  });

  test.each([10, 1_000])("an event is made into JSON once for %i subscribers", (subscribers) => {
    let made = 0;
    const event = { kind: "message.sent", toJSON: () => ({ nth: (made += 1) }) };
    const frames = new SharedFrames(event as never);
    const given = Array.from({ length: subscribers }, (_, nth) => frames.at(nth % 10 === 0 ? "behind" : "plain"));
    expect(made).toBe(1);
    expect([frames.built, new Set(given).size]).toEqual([2, 2]);
  });
});
