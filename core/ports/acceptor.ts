/** The door commands come in by. */
import type { Actor, Command } from "../command.ts";
import type { Json } from "../event.ts";

/** What the author of a command is answered. */
export interface Accepted {
  /** The answer of the contract: Message, Channel, … A pure function of the event, so a repeat gets the same (H4). */
  readonly result: { readonly [field: string]: unknown } | Json;
  /** The command had been accepted before, here or elsewhere. */
  readonly replayed: boolean;
}

/** Takes commands, of people and bots. */
export interface Acceptor {
  /**
   * Checks, decides, stamps and appends; resolves when the event is durable in this region and applied in this region's memory (read your writes).
   * Rejects with a Refusal: a clear no, or `unavailable` when the log has not answered in time: then the command is *unknown* and a repeat joins it (H14).
   * Commands of one author are decided in the order given.
   */
  submit(actor: Actor, command: Command): Promise<Accepted>;
}
