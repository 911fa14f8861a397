/**
 * What peers' audit logs were seen to be (law A1). A peer says with every beat where its chain stands; now and then that is written into the own
 * chain, so that one region cannot make its log anew without all others.
 */
import type { ChainHead } from "../core/audit-chain.ts";
import type { Timers } from "../core/ports/time.ts";
import type { AuditRows } from "./audit-rows.ts";
import type { TableWriter } from "./register-rows.ts";

/** A peer's log is anchored again after so many entries, or so long after the first that is not anchored. */
const ENTRIES = 1_000;
const LATEST_MS = 60_000;

export interface AuditAnchorsParts {
  readonly tables: TableWriter;
  readonly audit: AuditRows;
  readonly timers: Pick<Timers, "monotonicMs">;
  /** Something has been written. */
  readonly written: () => void;
}

interface Peer {
  readonly heard: ChainHead;
  readonly anchored: ChainHead | undefined;
  /** Since when more is known than is anchored, on a clock that never steps. */
  readonly sinceMs: number;
}

const FACT = "auditHead|";

export class AuditAnchors {
  readonly #parts: AuditAnchorsParts;
  readonly #peers = new Map<string, Peer>();

  constructor(parts: AuditAnchorsParts) {
    this.#parts = parts;
    for (const [key, head] of parts.tables.range("facts", { from: FACT, to: `${FACT}\u{7f}` })) {
      const anchored = head as ChainHead;
      this.#peers.set(key.slice(FACT.length), { heard: anchored, anchored, sinceMs: parts.timers.monotonicMs() });
    }
  }

  /** The last that each peer has said. */
  heads(): ReadonlyMap<string, ChainHead> {
    return new Map([...this.#peers].map(([peer, { heard }]) => [peer, heard]));
  }

  hear(peer: string, heard: ChainHead): void {
    const nowMs = this.#parts.timers.monotonicMs();
    const before = this.#peers.get(peer);
    const anchored = before?.anchored;
    if (heard.seq === 0 || (heard.seq === anchored?.seq && heard.hash === anchored.hash)) return;
    const sinceMs = before === undefined || before.heard === anchored ? nowMs : before.sinceMs;
    this.#peers.set(peer, { heard, anchored, sinceMs });
    if (heard.seq - (anchored?.seq ?? 0) >= ENTRIES || nowMs - sinceMs >= LATEST_MS) this.#anchor(peer, heard);
  }

  #anchor(peer: string, head: ChainHead): void {
    const { tables, audit, written, timers } = this.#parts;
    audit.anchor(peer, head);
    tables.put("facts", `${FACT}${peer}`, head);
    this.#peers.set(peer, { heard: head, anchored: head, sinceMs: timers.monotonicMs() });
    written();
  }
}
