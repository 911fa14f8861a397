/** Registers are keyed by identities; people see shown ids, whose tag is the region of the smallest stamp that made the thing (T3). */
import { birthOf } from "../../core/commands/message-standing.ts";
import { bornIn } from "../../core/commands/standing.ts";
import { shownId, unbornId } from "../../core/ids.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import { registerKey } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";
import { bornWebhook } from "../../core/webhooks.ts";

export interface ShownNames {
  /** With the tag `unknown` while the channel's creation is not here yet; so it is with messages and webhooks. */
  channel(identity: string): string;
  /** `told` is the birth that an event names; a smaller twin that is here already gives the tag instead. */
  message(channel: string, identity: string, told?: Stamp): string;
  webhook(channel: string, identity: string): string;
}

export function shownNames(tables: TableReader): ShownNames {
  return {
    channel: (identity) => {
      const born = bornIn(tables.get("registers", registerKey.field(identity, "name")));
      return born === undefined ? unbornId("channel", identity) : shownId("channel", identity, born);
    },
    message: (channel, identity, told) => {
      const here = birthOf(tables.get("registers", registerKey.body(channel, identity)))?.stamp;
      const born = here === undefined || (told !== undefined && told < here) ? told : here;
      return born === undefined ? unbornId("message", identity) : shownId("message", identity, born);
    },
    webhook: (channel, identity) => {
      const register = tables.get("registers", registerKey.webhook(channel, identity));
      return register === undefined ? unbornId("webhook", identity) : shownId("webhook", identity, bornWebhook(register));
    },
  };
}
