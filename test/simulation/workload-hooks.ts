/** What a person asks for about webhooks, given what their region shows them. */
import type { Command } from "../../core/command.ts";
import type { Webhook } from "../../core/objects.ts";
import type { HookStep } from "./hook-plan.ts";
import type { Mesh } from "./mesh.ts";
import type { Crowd, Person } from "./people.ts";
import { Receivers } from "./receivers.ts";

export function hookCommand(mesh: Mesh, crowd: Crowd, person: Person, { kind, dice }: HookStep): Command | undefined {
  const running = mesh.machine(person.at).serving;
  const channel = crowd.channels[0];
  if (running === undefined || channel === undefined) return undefined;
  const id = crowd.nextId();
  if (kind === "hook") return { kind: "webhook.set", id, channel, url: Receivers.urlOf(id) };
  if (kind === "hook-filtered") return { kind: "webhook.set", id, channel, url: Receivers.urlOf(id), events: ["message.sent"] };
  let shown: readonly Webhook[] = [];
  try {
    shown = running.webhooks.list(person.actor, channel);
  } catch {} // they may not
  const hook = shown[Math.floor(dice[0] * shown.length)];
  if (hook === undefined) return undefined;
  const of = { channel, webhook: hook.id } as const;
  if (kind === "hook-remove") return { kind: "webhook.remove", id, ...of };
  // The first part of the path is the command that made it, wherever it leads.
  if (kind === "hook-url") return { kind: "webhook.set", id, ...of, url: `${hook.url}/${id}` };
  if (kind === "hook-rotate") return { kind: "webhook.set", id, ...of, rotate: true };
  return { kind: "webhook.set", id, ...of, enabled: kind === "hook-on" };
}

/** Everybody's receivers are well again: whoever may sets every webhook once more, so that all that waits is brought. Returns the ids of those that were. */
export function resumeAll(mesh: Mesh, crowd: Crowd): readonly string[] {
  const [channel] = crowd.channels;
  if (channel === undefined) return [];
  for (const region of mesh.regions) {
    const running = mesh.machine(region).serving;
    for (const person of running === undefined ? [] : crowd.people) {
      let shown: readonly Webhook[] = [];
      try {
        shown = running?.webhooks.list(person.actor, channel) ?? [];
      } catch {} // they may not
      for (const { id } of shown)
        crowd.ask(person, { kind: "webhook.set", id: crowd.nextId(), channel, webhook: id, enabled: true }, region);
      if (shown.length > 0) return shown.map(({ id }) => id);
    }
  }
  return [];
}
