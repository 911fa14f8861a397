/** How history is read while its store is in trouble: an operator's switch at run time (P2, M13). A restart begins with what is configured. */
export const STORE_MODES = ["normal", "one", "cached"] as const;
/**
 * `normal`: at the consistency that is set. `one`: whichever replica answers first, anywhere, is good enough. `cached`: like `one`, and pages that
 * were read before are kept here, so that the store is asked little.
 */
export type StoreMode = (typeof STORE_MODES)[number];
/** How many replicas, of this data centre or of all, answer a read in mode `normal`. */
export const READ_CONSISTENCIES = ["local-one", "one", "local-quorum", "quorum"] as const;
/** One of them. */
export type ReadConsistency = (typeof READ_CONSISTENCIES)[number];

/** What operators may switch. */
export interface StoreSetting {
  readonly mode: StoreMode;
  /** Of mode `normal`. */
  readonly consistency: ReadConsistency;
}
/** How a store stands to the region it follows; `ageMs` in ms. */
export interface StoreFacts {
  readonly name: string;
  /** `slow`: it has everything, and takes its time to say so. */
  readonly state: "live" | "slow" | "behind" | "unreachable";
  /** Changes that it has not taken, and how long the first of them has waited. */
  readonly waiting: number;
  readonly ageMs: number;
  readonly why: string | null;
}

/** A range of one table of the history store to repair. */
export interface RepairStep {
  readonly why: string;
  readonly command: string;
}

/** The stores beside a region, as operators see them. */
export interface StoreDesk {
  setting(): StoreSetting;
  set(setting: Partial<StoreSetting>): void;
  stores(): readonly StoreFacts[];
  /** What to repair, hot channels first. Refusal unavailable where no store that can be repaired is in reach. */
  repairPlan(): Promise<readonly RepairStep[]>;
}
