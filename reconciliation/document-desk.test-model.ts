/** A document in a region whose closed times a test moves, and the people who write in it. */
import { applyUpdate, Doc } from "yjs";
import type { Event } from "../core/event.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import { registerKey } from "../core/register.ts";
import type { Stamp } from "../core/stamp.ts";
import { DocumentCheckpoints } from "./document-checkpoints.ts";
import { at, CHANNEL, envelope, Story } from "./read/story.test-model.ts";

export type Change = Extract<Event, { readonly kind: "document.updated" }>;

/** A region whose closed times the test moves, and whose timers it runs. */
export class Desk {
  readonly story = new Story();
  closed = { allMs: 0, reachableMs: 0 };
  #due: (() => void)[] = [];
  readonly #timers: Timers = {
    after: (_, run) => {
      this.#due.push(run);
      return { cancel: () => {} };
    },
    every: () => ({ cancel: () => {} }),
    monotonicMs: () => 0,
  };
  documents: DocumentCheckpoints;
  readonly #dueBytes: number;

  #open(): DocumentCheckpoints {
    const { tables } = this.story;
    const opened = new DocumentCheckpoints({
      tables,
      timers: this.#timers,
      dueBytes: this.#dueBytes,
      closed: () => this.closed,
      wrote: () => {},
    });
    opened.begin();
    return opened;
  }

  constructor(dueBytes = 65_536) {
    this.#dueBytes = dueBytes;
    this.documents = this.#open();
    this.story.create();
  }

  /** Another life of the process: nothing but the rows is left. */
  restart(): void {
    this.#due = [];
    this.documents = this.#open();
  }

  /** Nothing comes any more with a stamp up to here, from anybody who is not cut off. */
  close(allMs: number, reachableMs = allMs): void {
    this.closed = { allMs, reachableMs };
    for (let rounds = 0; rounds < 3; rounds += 1) for (const run of this.#due.splice(0)) run();
  }

  tell(event: Change): void {
    this.story.tell(event);
    this.documents.heard(event);
  }

  key = (change: string): string => registerKey.change(CHANNEL, null, change);
  rejudge(change: string, standing: Parameters<Story["rejudge"]>[1]): void {
    this.story.rejudge(this.key(change), standing);
  }

  read(): string[] {
    return [...this.documents.changes(CHANNEL, null)];
  }
  text(): string {
    return textOf(this.read());
  }
  /** Its text as the registers alone say. */
  told(): string {
    const found = [...this.story.tables.range("registers", keysUnder(this.key("")))]
      .flatMap(([, { resolution }]) => (resolution.winner === null ? [] : [[resolution.winner, String(resolution.value)] as const]))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return textOf(found.map(([, update]) => update));
  }
  checkpoints(): readonly Stamp[] {
    return (this.story.tables.get("documents", `${CHANNEL}|`) ?? []).map(({ stamp }) => stamp);
  }
  rows(): { readonly states: number; readonly tails: number } {
    const count = (table: "documentStates" | "documentTails"): number => [...this.story.tables.range(table, keysUnder(""))].length;
    return { states: count("documentStates"), tails: count("documentTails") };
  }
}

export function textOf(updates: readonly string[]): string {
  const doc = new Doc();
  for (const update of updates) applyUpdate(doc, Buffer.from(update, "base64"));
  return String(doc.getText("notes"));
}

/** Ids of changes are hashes: their order says nothing. */
export const idOf = (nth: number): string => String((nth * 7_919) % 10_007).padStart(26, "d");

interface Said {
  readonly author?: string;
  readonly command?: string;
}
export function changeOf(nth: number, stamp: Stamp, update: Uint8Array, { author = "ana", command = `type ${nth}` }: Said = {}): Change {
  const text = Buffer.from(update).toString("base64");
  const data = { document: null, change: idOf(nth), update: text };
  return envelope({ kind: "document.updated", stamp, actor: author, command, right: at(1), content: `of ${nth}`, data }) as Change;
}

/** A writer whose changes come one by one. */
export function writer(doc = new Doc()) {
  const said: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array, by: unknown) => {
    if (by !== "others") said.push(update);
  });
  const text = doc.getText("notes");
  return {
    doc,
    text,
    hears: (update: Uint8Array) => applyUpdate(doc, update, "others"),
    /** What these words were as changes. */
    does: (act: () => void): readonly Uint8Array[] => {
      act();
      return said.splice(0);
    },
  };
}
