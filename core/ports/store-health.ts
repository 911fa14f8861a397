/**
 * How a store beside the log is doing. A region never waits for such a store and is never unready because of one (P1): it says `degraded`, goes
 * on, and brings the store up to date when it returns.
 */
export type StoreHealth =
  | { readonly state: "ok"; readonly detail: string }
  | {
      readonly state: "degraded";
      /** Ms since 1970. */
      readonly sinceMs: number;
      readonly detail: string;
    };
