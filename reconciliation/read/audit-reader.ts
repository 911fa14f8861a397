/** The audit log of this region, for auditors only. */
import { Refusal } from "../../core/errors.ts";
import type { Reader } from "../../core/ports/reader.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { auditorOnly } from "./access.ts";
import { auditEntry } from "./audit-view.ts";
import { justAfter } from "./pages.ts";
import type { ReaderParts } from "./reader-parts.ts";
import { shownNames } from "./shown-names.ts";

const KEY_WIDTH = 14;

/** Entries are paged by their sequence: `after=41` goes on with 42, for ever, because the log is append-only. */
export function auditReader({ region, tables }: ReaderParts): Pick<Reader, "auditEntries" | "auditHeads"> {
  const names = shownNames(tables);
  const { to } = keysUnder("");
  return {
    auditEntries: (actor, { limit, cursor = "0" }) => {
      auditorOnly(actor);
      if (!/^\d{1,14}$/.test(cursor)) throw new Refusal("invalid", "`after` is no sequence of an audit entry.");
      const from = justAfter(cursor.padStart(KEY_WIDTH, "0"));
      const rows = [...tables.range("audit", { from, to, limit: limit + 1 })];
      const items = rows.slice(0, limit).map(([key, row]) => auditEntry(tables, names, key, row));
      return { items, next: rows.length > limit ? String(items.at(-1)?.seq) : null };
    },
    auditHeads: (actor) => {
      auditorOnly(actor);
      const [last] = [...tables.range("audit", { from: "", to, reverse: true, limit: 1 })];
      return { [region]: { seq: last === undefined ? 0 : Number(last[0]), hash: null } };
    },
  };
}
