/**
 * Commits on a thread of their own: the region's own thread writes its rows as JSON, some thousand a turn, and is told what became of them. Where
 * a commit waits for the disk, or rewrites the pages of thousands of rows, nobody's answer waits with it.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { TableName, TableWrite } from "../../core/ports/state-store.ts";
import { WrittenEvent } from "../../core/written-event.ts";
import { TABLE_NAMES } from "./lmdb-tables.ts";
import type { FromWriter, RowsAsText, ToWriter, WriterData } from "./lmdb-writer.ts";

export interface Commits {
  /** All rows or none, in the order asked; resolves when they survive a crash of the process. Rejects when the disk refuses. */
  commit(writes: readonly TableWrite[]): Promise<void>;
  /** After all that has been asked. */
  close(): Promise<void>;
}

interface Asked {
  readonly done: () => void;
  readonly refused: (cause: Error) => void;
}

/** Rows that are written as text in one turn of the event loop: some milliseconds. */
const PIECE = 2_000;

/** From the build a program of Node's; from the sources one that tsx reads, which a thread of Node 20 has to be told by itself. */
const SOURCES = import.meta.url.endsWith(".ts");
const BUILT = new URL("./lmdb-writer.js", import.meta.url);
const FROM_SOURCES = `import("tsx/esm/api").then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL("./lmdb-writer.ts", import.meta.url))});
});`;

const PLACES: ReadonlyMap<TableName, number> = new Map(TABLE_NAMES.map((name, place) => [name, place]));

/** `directory`: of a store that is there. `landed` is called before a commit resolves: whoever reads may hold an older view. */
export function openCommits(directory: string, landed: () => void): Commits {
  const workerData: WriterData = { directory };
  const worker = new Worker(SOURCES ? FROM_SOURCES : BUILT, { name: "store", workerData, eval: SOURCES });
  const asked: Asked[] = [];
  // A process that only waits for this thread to be asked has nothing left to do.
  worker.unref();
  worker.on("message", (answer: FromWriter) => {
    const first = asked.shift();
    if (asked.length === 0) worker.unref();
    if (answer === "committed") {
      landed();
      first?.done();
    } else first?.refused(answer.refused);
  });
  const say = (word: ToWriter): void => {
    worker.ref();
    worker.postMessage(word);
  };
  const handOver = async (writes: readonly TableWrite[]): Promise<void> => {
    for (let from = 0; ; from += PIECE) {
      const last = from + PIECE >= writes.length;
      say({ rows: asText(writes.slice(from, from + PIECE)), first: from === 0, last });
      if (last) return;
      await nextTurn();
    }
  };
  let handedOver: Promise<void> = Promise.resolve();
  return {
    commit: (writes) =>
      new Promise((done, refused) => {
        handedOver = handedOver.then(() => handOver(writes)).then(() => void asked.push({ done, refused }), refused);
      }),
    close: async () => {
      await handedOver;
      const gone = new Promise((done) => worker.once("exit", done));
      say("close");
      await gone;
    },
  };
}

function asText(writes: readonly TableWrite[]): RowsAsText {
  const tables: number[] = [];
  const keys: string[] = [];
  const texts: (string | undefined)[] = [];
  for (const { table, key, value } of writes) {
    tables.push(PLACES.get(table) as number);
    keys.push(key);
    texts.push(value === undefined ? undefined : value instanceof WrittenEvent ? value.json : JSON.stringify(value));
  }
  return { tables, keys, texts };
}
