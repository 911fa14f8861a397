/** The audit log of this region, for auditors only. */
import type { ChainHead } from "../../core/audit-chain.ts";
import { CHAIN_START } from "../../core/audit-chain.ts";
import { Refusal } from "../../core/errors.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { auditorOnly } from "./access.ts";
import { auditEntries } from "./audit-view.ts";
import type { ReaderParts } from "./reader-parts.ts";
import { shownNames } from "./shown-names.ts";

type AuditReader = Pick<Reader, "auditEntries" | "audited" | "auditHeads">;

/** Entries are paged by their sequence: `after=41` goes on with 42, for ever, because the log is append-only. */
export function auditReader({ region, tables, audited, heads }: ReaderParts): AuditReader {
  const names = shownNames(tables);
  const last = audited?.last ?? (() => lastOf(tables));
  return {
    auditEntries: (actor, { limit, cursor = "0" }) => {
      auditorOnly(actor);
      if (!/^\d{1,14}$/.test(cursor)) throw new Refusal("invalid", "`after` is no sequence of an audit entry.");
      const upTo = last().seq;
      const items = [...auditEntries(tables, names, { after: Number(cursor), upTo, limit })];
      const seq = items.at(-1)?.seq ?? upTo;
      return { items, next: seq < upTo ? String(seq) : null };
    },
    audited: async () => {
      await audited?.flush().catch(() => {}); // a full disk: what is durable is shown, no more
    },
    auditHeads: (actor) => {
      auditorOnly(actor);
      return { ...Object.fromEntries(heads?.() ?? []), [region]: last() };
    },
  };
}

function lastOf(tables: TableReader): ChainHead {
  const [last] = [...tables.range("audit", { ...keysUnder(""), reverse: true, limit: 1 })];
  return last === undefined ? CHAIN_START : { seq: Number(last[0]), hash: String(last[1]["hash"]) };
}
