/**
 * The thread that writes the store: a program of its own beside the region's. A commit is one synchronous transaction. lmdb's asynchronous writes
 * were tried on a full disk: after a refused commit their later promises never settle and rejections come up unhandled; the synchronous ones
 * refuse cleanly and go on when there is room again. Here nobody waits for their fdatasync.
 *
 * An error that is no refusal ends the thread, and with it the process: its next life replays the logs (L2).
 */
import { parentPort, workerData } from "node:worker_threads";
import { asBinary } from "lmdb";
import { openRoot, openTables, TABLE_NAMES, type Table } from "./lmdb-tables.ts";

/** Rows as they cross from thread to thread, by their place: the table's in the list of all, the key, the row as JSON or undefined to remove it. */
export interface RowsAsText {
  readonly tables: readonly number[];
  readonly keys: readonly string[];
  readonly texts: readonly (string | undefined)[];
}
/** A commit comes in one piece or several; with its first, whatever was begun and not ended is dropped. */
export interface Piece {
  readonly rows: RowsAsText;
  readonly first: boolean;
  readonly last: boolean;
}
export type ToWriter = Piece | "close";
/** Each commit is answered, in the order asked. */
export type FromWriter = "committed" | { readonly refused: Error };
export interface WriterData {
  readonly directory: string;
}

/** lmdb's flags, by value: its enum exists in types only. Abortable, committed on return, flushed later. */
const COMMIT = 1 | 2 | 0x10000;

const port = parentPort;
if (port === null) throw new Error("this program is a thread of the store's and nothing by itself");
const { directory } = workerData as WriterData;
const root = openRoot(directory, false);
const opened = openTables(root);
const byPlace = TABLE_NAMES.map((name) => opened.get(name) as Table);

function write({ tables, keys, texts }: RowsAsText): void {
  for (const [nth, key] of keys.entries()) {
    const table = byPlace[tables[nth] as number] as Table;
    const text = texts[nth];
    if (text === undefined) table.removeSync(key);
    else table.putSync(key, asBinary(Buffer.from(text)));
  }
}

function commit(pieces: readonly RowsAsText[]): FromWriter {
  try {
    root.transactionSync(() => pieces.forEach(write), COMMIT);
    return "committed";
  } catch (error) {
    return { refused: error instanceof Error ? error : new Error(String(error)) };
  }
}

let begun: readonly RowsAsText[] = [];
function take({ rows, first, last }: Piece): void {
  begun = first ? [rows] : [...begun, rows];
  if (!last) return;
  port?.postMessage(commit(begun));
  begun = [];
}
port.on("message", (asked: ToWriter) => {
  if (asked === "close") void root.close().then(() => port.close());
  else take(asked);
});
