/** What a person would ask for now, given what their region shows them. Nothing, when there is nothing to act on. */
import type { Command } from "../../core/command.ts";
import type { Role } from "../../core/event.ts";
import type { Message } from "../../core/objects.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { Mesh } from "./mesh.ts";
import type { Crowd, Person } from "./people.ts";
import type { Step } from "./plan.ts";
import { typed } from "./typing.ts";

const chosen = <T>(items: readonly T[], die: number): T | undefined => items[Math.floor(die * items.length)];
const EMOJI = ["👍", "🎉"];
const ROLES: readonly Role[] = ["member", "moderator", "owner"];

export function commandFor(mesh: Mesh, crowd: Crowd, person: Person, step: Step): Command | undefined {
  const { serving } = mesh.machine(person.at);
  const reader = serving?.reader;
  const id = crowd.nextId();
  const [die, other, third] = step.dice;
  if (serving === undefined || reader === undefined) return undefined;
  if (step.kind === "create") {
    const members = crowd.people.filter((_, index) => index % 2 === 0).map(({ user }) => ({ user, role: "member" as const }));
    const alias = other < 0.7 ? { alias: "team" } : {};
    const policy = die < 0.5 ? "merge" : "lww";
    return { kind: "channel.create", id, name: `channel ${id}`, ...alias, members, policy, deletes: third < 0.4 ? "lww" : "final" };
  }
  if (step.kind === "profile") return { kind: "profile.change", id, displayName: `name ${id}` };
  const channels = shownChannels(reader, person);
  const channel = step.kind === "type" ? channels[0] : chosen(channels, third);
  if (channel === undefined) return undefined;
  const someone = crowd.person(Math.floor(other * crowd.people.length)).user;
  switch (step.kind) {
    case "send":
      return { kind: "message.send", id, channel, body: `text ${id}` };
    case "type":
      return typed(serving, person, step, { id, channel });
    case "topic":
      return { kind: "channel.change", id, channel, topic: `topic ${id}` };
    case "name":
      return {
        kind: "channel.change",
        id,
        channel,
        name: `name ${id}`,
        ...(other < 0.3 ? { deletes: other < 0.15 ? "lww" : "final" } : {}),
      };
    case "add":
      return { kind: "member.set", id, channel, user: someone };
    case "role":
      return { kind: "member.set", id, channel, user: someone, role: chosen(ROLES, die) ?? "member" };
    case "remove":
      return { kind: "member.remove", id, channel, user: someone };
    case "see":
    case "restore":
      return aboutConflict(reader, person, step, id);
    default:
      return aboutMessage(reader, person, step, { id, channel });
  }
}

function aboutMessage(
  reader: Reader,
  person: Person,
  step: Step,
  { id, channel }: { readonly id: string; readonly channel: string },
): Command | undefined {
  const [die, other] = step.dice;
  const shown = messages(reader, person, channel);
  // Half of the time the newest of all, so that many meet on one message.
  const message = die < 0.5 ? shown[0] : chosen(shown, (die - 0.5) * 2);
  if (message === undefined) return undefined;
  const looked = person.looked.get(message.id);
  person.looked.set(message.id, { message, channel });
  const emoji = chosen(EMOJI, other) ?? "👍";
  switch (step.kind) {
    case "edit":
      return { kind: "message.edit", id, channel, message: message.id, body: `edit ${id}` };
    case "edit-stale":
      return {
        kind: "message.edit",
        id,
        channel,
        message: message.id,
        body: `stale ${id}`,
        replaces: [(looked?.message ?? message).version],
      };
    case "delete":
      return { kind: "message.delete", id, channel, message: message.id };
    case "react":
      return { kind: "reaction.set", id, channel, message: message.id, emoji };
    case "unreact":
      return { kind: "reaction.clear", id, channel, message: message.id, emoji };
    default:
      return { kind: "read.mark", id, channel, message: message.id };
  }
}

function aboutConflict(reader: Reader, { actor, user }: Person, step: Step, id: string): Command | undefined {
  const lost =
    step.kind === "see" ? reader.lostBy(user, { limit: 100 }).items : reader.conflicts(actor, { states: ["open"] }, { limit: 20 }).items;
  const conflict = chosen(lost, step.dice[0]);
  if (conflict === undefined) return undefined;
  if (step.kind === "see") return { kind: "conflict.see", id, conflict: conflict.id };
  const version = chosen(conflict.losers, step.dice[1]);
  return version === undefined ? undefined : { kind: "conflict.restore", id, conflict: conflict.id, version };
}

const shownChannels = (reader: Reader, { actor }: Person): readonly string[] =>
  reader.channels(actor, { limit: 10 }).items.map(({ id }) => id);

const messages = (reader: Reader, { actor }: Person, channel: string): readonly Message[] =>
  reader.messages(actor, channel, { limit: 12 }).items;
