/** What operators ordered, kept in the region's store, each order once in its audit log (kind `operator`). What an order means is others' business. */
import type { TableReader } from "../core/ports/state-store.ts";

export interface OperatorOrders {
  /** What was kept last; undefined at the first start. */
  kept(): unknown;
  /** Keeps all that stands; `news` are the facts that the audit log is to hold. */
  keep(all: unknown, news: readonly { readonly [field: string]: unknown }[]): void;
}

const FACT = "operatorOrders";

export const openOperatorOrders = (parts: {
  readonly tables: TableReader & { put(table: "facts", key: string, value: unknown): void };
  readonly audit: (fact: { readonly [field: string]: unknown }) => void;
  readonly soon: () => void;
}): OperatorOrders => ({
  kept: () => parts.tables.get("facts", FACT),
  keep: (all, news) => {
    parts.tables.put("facts", FACT, all);
    for (const fact of news) parts.audit(fact);
    parts.soon();
  },
});
