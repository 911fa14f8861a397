/** The changes of a document, each a register of its own (S3): what stands there by right is part of its text. */
import type { DocumentSource } from "../../core/ports/documents.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { registerKey } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";

export const documentSource = (tables: TableReader): DocumentSource => ({
  changes(channel, document) {
    const found: { readonly stamp: Stamp; readonly update: string }[] = [];
    for (const [, { resolution }] of tables.range("registers", keysUnder(registerKey.change(channel, document, ""))))
      if (typeof resolution.value === "string" && resolution.winner !== null)
        found.push({ stamp: resolution.winner, update: resolution.value });
    return found.sort((a, b) => (a.stamp < b.stamp ? -1 : 1)).map(({ update }) => update);
  },
});
