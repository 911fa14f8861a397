/**
 * What every event means, said a second time and in another way than the code under test: which registers it writes, and what. The checkers'
 * own reading of semantics.md, as plain as it can be; slow is fine here.
 */
import { canonical } from "../../../core/canonical.ts";
import type { Event, Json, Placed } from "../../../core/event.ts";

/** One event's write into one register. */
export interface Act {
  readonly stamp: string;
  readonly author: string;
  readonly command: string;
  readonly value: Json;
  readonly replaces: readonly string[];
  readonly finalDelete: boolean;
  readonly edit: boolean;
  readonly rule: "lww" | "first" | "silent";
  /** Of a message's text in a channel that merges: what the event carries. */
  readonly merges: boolean;
  readonly update?: string;
  readonly onto?: readonly string[];
}
export type Acts = Map<string, Act[]>;

interface Written {
  readonly key: string;
  readonly value: Json;
  readonly replaces?: readonly string[];
  readonly rule?: Act["rule"];
}

const FIELDS = ["name", "topic", "policy", "deletes"] as const;

function written(event: Event): readonly Written[] {
  const channel = event.channel ?? "@";
  switch (event.kind) {
    case "channel.created": {
      const fields = FIELDS.map((field) => ({ key: `${channel}|${field}`, value: event.data[field] }));
      const owner = { key: `${channel}|member|${event.actor}`, value: "owner" };
      const alias = event.data.alias === null ? [] : [{ key: `@|alias|${event.data.alias}`, value: channel, rule: "first" as const }];
      return [...fields, owner, ...alias];
    }
    case "channel.changed":
      return FIELDS.flatMap((field) => {
        const value = event.data[field];
        return value === undefined ? [] : [{ key: `${channel}|${field}`, value, replaces: event.data.replaces[field] ?? [] }];
      });
    case "member.set":
      return [{ key: `${channel}|member|${event.data.user}`, value: event.data.role, replaces: event.data.replaces }];
    case "member.removed":
      return [{ key: `${channel}|member|${event.data.user}`, value: null, replaces: event.data.replaces }];
    case "message.sent":
    case "message.edited": {
      const { message, body, metadata, replaces } = event.data;
      return [{ key: `${channel}|body|${message}`, value: { body, metadata: metadata ?? null }, replaces }];
    }
    case "message.deleted":
      return [{ key: `${channel}|body|${event.data.message}`, value: null, replaces: event.data.replaces }];
    case "reaction.set":
    case "reaction.cleared": {
      const emoji = Buffer.from(event.data.emoji, "utf8").toString("hex");
      const key = `${channel}|reaction|${event.data.message}|${emoji}|${event.actor}`;
      return [{ key, value: event.kind === "reaction.set", replaces: event.data.replaces, rule: "silent" }];
    }
    case "read.marked":
      return [{ key: `${channel}|read|${event.actor}`, value: event.data.message, replaces: event.data.replaces, rule: "silent" }];
    case "document.updated": {
      const { document, change, update } = event.data;
      return [{ key: `${channel}|document|${document ?? ""}|${change}`, value: update, rule: "silent" }];
    }
    case "profile.changed":
      return (["displayName", "avatar"] as const).flatMap((field) => {
        const value = event.data[field];
        return value === undefined ? [] : [{ key: `@|profile|${event.actor}|${field}`, value, replaces: event.data.replaces[field] ?? [] }];
      });
    case "webhook.set": {
      const { webhook, url, events, enabled, generation, name, replaces } = event.data;
      return [{ key: `${channel}|webhook|${webhook}`, value: { url, events, enabled, generation, name }, replaces }];
    }
    case "webhook.removed":
      return [{ key: `${channel}|webhook|${event.data.webhook}`, value: null, replaces: event.data.replaces }];
    case "webhook.halted": {
      const { webhook, of, reason, replaces } = event.data;
      return [{ key: `${channel}|halt|${webhook}`, value: { of, reason }, replaces, rule: "silent" }];
    }
    case "conflict.seen":
    case "clock.witnessed":
    case "epoch.opened":
      return [];
  }
}

/** Every register with all that was ever written into it, each event once. */
export function actsOf(events: readonly Placed[]): Acts {
  const acts: Acts = new Map();
  for (const { event } of events)
    for (const { key, value, replaces = [], rule = "lww" } of written(event)) {
      const act: Act = {
        stamp: event.stamp,
        author: event.actor,
        command: event.command,
        value,
        replaces,
        finalDelete: event.kind === "message.deleted" && event.deletes === "final",
        edit: event.kind === "message.edited",
        rule,
        merges: event.policy === "merge" && event.kind.startsWith("message."),
        ...(event.kind === "message.edited" && event.data.update !== undefined ? { update: event.data.update } : {}),
        ...(event.kind === "message.edited" && event.data.onto !== undefined ? { onto: event.data.onto } : {}),
      };
      const known = acts.get(key);
      if (known === undefined) acts.set(key, [act]);
      else known.push(act);
    }
  return acts;
}

/** The name of the version an act belongs to: acts of one author, command and value are twins (D5). */
export const versionName = ({ author, command, value }: Act): string => `${author}\n${command}\n${canonical(value)}`;

/** Stamps that witnesses of more than half of the regions lay open as wrong (T2, D3). */
export function distrustOf(events: readonly Placed[]): (stamp: string) => boolean {
  const witnesses = events.flatMap(({ event, position }) =>
    event.kind === "clock.witnessed" ? [{ by: position.origin, ...event.data }] : [],
  );
  return (stamp) => {
    const covering = witnesses.filter(({ origin, from, to }) => stamp.slice(18) === origin && from <= stamp && stamp <= to);
    const of = Math.max(0, ...covering.map((witness) => witness.of));
    return new Set(covering.map(({ by }) => by)).size > of / 2;
  };
}
