/** What a channel is and who is in it: small registers like all others, read once and then heard of. */
import type { Role } from "../../core/event.ts";
import type { Channel, Member, WireEvent } from "../../core/objects.ts";
import { judged, NO_WORD, type Said } from "./fold.ts";

const FIELDS = ["name", "topic", "policy", "deletes"] as const;

export class ChannelFacts {
  readonly #channel: Channel;
  readonly #registers = new Map<string, Map<string, Said>>();

  constructor(channel: Channel, members: readonly Member[]) {
    this.#channel = channel;
    for (const field of FIELDS) this.#add(field, readIt(channel[field], channel.version));
    // Before anything that is heard: it may have been read before it.
    for (const { user, role } of members) this.#add(`member ${user}`, readIt(role, ""));
  }

  /** Whether it told something of the channel. */
  hear({ kind, stamp, actor, command, data }: WireEvent): boolean {
    const said = { stamp, kind: "set", author: actor, command } as const;
    if (kind === "member.set" || kind === "member.removed") {
      const value = kind === "member.set" ? (data["role"] as Role) : null;
      this.#add(`member ${String(data["user"])}`, { ...said, value, replaces: (data["replaces"] as readonly string[] | undefined) ?? [] });
      return true;
    }
    if (kind !== "channel.changed") return false;
    const replaces = (data["replaces"] ?? {}) as Readonly<Record<string, readonly string[]>>;
    for (const field of FIELDS)
      if (field in data) this.#add(field, { ...said, value: data[field] as string | null, replaces: replaces[field] ?? [] });
    return true;
  }

  channel(): Channel {
    const fields = Object.fromEntries(FIELDS.map((field) => [field, this.#value(field)]));
    return { ...this.#channel, ...fields } as Channel;
  }
  /** By user. */
  members(): readonly Member[] {
    return [...this.#registers.keys()]
      .filter((register) => register.startsWith("member "))
      .sort()
      .flatMap((register) => {
        const role = this.#value(register);
        return role === null ? [] : [{ user: register.slice("member ".length), role: role as Role }];
      });
  }

  #value(register: string): unknown {
    return judged([...(this.#registers.get(register)?.values() ?? [])], "member", NO_WORD)?.value ?? null;
  }
  #add(register: string, said: Said): void {
    const versions = this.#registers.get(register) ?? new Map<string, Said>();
    this.#registers.set(register, versions.set(said.stamp, said));
  }
}

const readIt = (value: string | null, stamp: string): Said => ({ stamp, kind: "set", author: "", command: stamp, value, replaces: [] });
