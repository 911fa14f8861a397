/** Turns drafts into events: stamps them in order, says what the region had applied, and hashes what was said (H4, H5, H9). */
import { canonical, sorted } from "../core/canonical.ts";
import type { Command } from "../core/command.ts";
import { BORN_STAMP } from "../core/commands/channel-create.ts";
import type { Draft } from "../core/commands/decision.ts";
import { DEFAULTS } from "../core/commands/decision.ts";
import type { Event, Json } from "../core/event.ts";
import { ENVELOPE, RULES } from "../core/event.ts";
import { hmac256 } from "../core/hash.ts";
import { identityIn } from "../core/ids.ts";
import type { VectorText } from "../core/position.ts";
import type { HybridClock, Stamp } from "../core/stamp.ts";

/** Digits of an HMAC that an event carries: 128 bits. */
const DIGITS = 32;

/** Keys derived from the mesh's one secret, equal in every region, so that twins made apart compare equal (H9). */
export interface ContentKeys {
  contentOf(channel: string, value: Json): string;
  /**
   * Equal where the same was asked, in whatever words: a channel or message counts as what it is, by either tag of its id or an alias, and what is
   * left out as what it stands for. `channel`: the identity of the one that the command is about, where there is one.
   */
  saidBy(command: Command, channel: string | null): string;
}

export function openContentKeys(secret: string): ContentKeys {
  const saidKey = hmac256(secret, "said");
  const channels = new Map<string, string>();
  const keyOf = (channel: string): string => {
    let key = channels.get(channel);
    if (key === undefined) {
      if (channels.size > 10_000) channels.clear();
      channels.set(channel, (key = hmac256(secret, `content\n${channel}`)));
    }
    return key;
  };
  return {
    contentOf: (channel, value) => hmac256(keyOf(channel), canonical(value)).slice(0, DIGITS),
    saidBy: (command, channel) => hmac256(saidKey, canonical(plainly(command, channel))).slice(0, DIGITS),
  };
}

/** What a command asks for, without its id and in the one form of all that say it. */
function plainly(command: Command, channel: string | null): object {
  const { id: _, seen: __, ...said } = command;
  const identified: Record<string, unknown> = command.kind === "channel.create" ? { ...DEFAULTS, topic: null, ...said } : said;
  if ("channel" in command && channel !== null) identified["channel"] = channel;
  if ("message" in command) identified["message"] = messageIn(command.message);
  if (command.kind === "message.send") {
    if (command.thread == null) delete identified["thread"];
    else identified["thread"] = messageIn(command.thread);
  }
  return identified;
}

const messageIn = (id: string): string => identityIn("message", id) ?? id;

export interface Stamping {
  readonly clock: HybridClock;
  readonly actor: string;
  readonly command: string;
  readonly said: string;
  readonly after: VectorText;
}

/** Drafts of one command become its events, with ascending stamps; their fields in canonical order, so that everybody hashes the text as it is. */
export function stampDrafts(drafts: readonly Draft[], { clock, actor, command, said, after }: Stamping): readonly Event[] {
  let born: Stamp | undefined;
  return drafts.map((draft) => {
    const stamp = clock.next();
    born ??= stamp;
    const { channel, content, data, deletes, kind, policy } = draft;
    const right = draft.right === BORN_STAMP ? born : draft.right;
    // In canonical order as it stands here: what is put in order afterwards costs more than all the rest of an event.
    const before = { actor, after, channel, command, content, data: sorted(data), deletes, kind, policy };
    const event =
      right === undefined
        ? { ...before, rules: RULES, said, stamp, v: ENVELOPE }
        : { ...before, right, rules: RULES, said, stamp, v: ENVELOPE };
    return sorted(event as Event);
  });
}
