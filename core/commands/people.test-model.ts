/** People in a channel, in regions that hear of each other when a story says so: what commands decide, and that what they decide stands. */
import { expect } from "vitest";
import { readEvent } from "../../reconciliation/event-shape.ts";
import { OneRegion } from "../../test/replica/one-region.ts";
import type { ActorRole, Command } from "../command.ts";
import type { Event, Json, Role } from "../event.ts";
import { shownId } from "../ids.ts";
import type { Register, RegisterKey } from "../register.ts";
import { registerKey } from "../register.ts";

export type Asking = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;

/** Everybody's name is their role at first; "stranger" is none. */
export class People {
  nowMs = 1_700_000_000_000;
  readonly us = this.#region("us");
  readonly eu = this.#region("eu");
  channel = "";
  /** The channel's identity. */
  identity = "";
  #commands = 0;

  /** A channel with an owner, a moderator and two members, known in both regions. */
  static gathered(more: Partial<Extract<Command, { readonly kind: "channel.create" }>> = {}): People {
    const people = new People();
    const members = (["moderator", "member", "other"] as const).map(
      (user) => ({ user, role: user === "other" ? "member" : user }) as const,
    );
    const [created] = people.done("owner", { kind: "channel.create", name: "one", members, ...more });
    people.identity = created?.channel ?? "";
    people.channel = shownId("channel", people.identity, created?.stamp ?? "");
    people.meet();
    return people;
  }

  #region(region: string): OneRegion {
    return new OneRegion({ region, nowMs: () => this.nowMs });
  }

  ask(user: string, asking: Asking, { at = this.us, roles = ["user"], id = `command ${++this.#commands}` }: Asked = {}): Outcome {
    this.nowMs += 1_000;
    return at.ask({ user, roles }, { id, ...asking } as Command);
  }

  /** The events of a command that is accepted. They are such as every peer takes, and in effect in the region that took them. */
  done(user: string, asking: Asking, asked: Asked = {}): readonly Event[] {
    const outcome = this.ask(user, asking, asked);
    if ("refusal" in outcome) throw outcome.refusal;
    if ("answer" in outcome) throw new Error(`nothing happened: ${JSON.stringify(outcome.answer)}`);
    const { at = this.us } = asked;
    for (const event of outcome.events) {
      const position = at.log.find((placed) => placed.event === event)?.position;
      expect(position === undefined ? undefined : readEvent(JSON.parse(JSON.stringify(event)), position)).toEqual({ event });
    }
    for (const [key, { resolution }] of at.tables.range("registers", { from: "", to: "\u{7f}" }))
      expect([key, resolution.void, resolution.pending]).toEqual([key, [], []]);
    return outcome.events;
  }

  /** "code: detail", or what came of it instead. */
  refused(user: string, asking: Asking, asked: Asked = {}): string {
    const outcome = this.ask(user, asking, asked);
    return "refusal" in outcome ? outcome.refusal.code : "events" in outcome ? "accepted" : "nothing to do";
  }

  /** Both regions hear everything. */
  meet(): void {
    this.us.hear(this.eu, 1_000);
    this.eu.hear(this.us, 1_000);
  }

  /** A message in the channel, known in both regions; its id as people see it. */
  message(author: string, body = "Hello"): string {
    const [sent] = this.done(author, { kind: "message.send", channel: this.channel, body });
    this.meet();
    return sent?.kind === "message.sent" ? shownId("message", sent.data.message, sent.stamp) : "";
  }

  register(key: RegisterKey, at: OneRegion = this.us): Register | undefined {
    return at.tables.get("registers", key);
  }
  body(message: string, at: OneRegion = this.us): Register | undefined {
    return this.register(registerKey.body(this.identity, message.slice(-26)), at);
  }
  valueOf(key: RegisterKey, at: OneRegion = this.us): Json {
    return this.register(key, at)?.resolution.value ?? null;
  }
  roleOf(user: string, at: OneRegion = this.us): Role | null {
    return this.valueOf(registerKey.member(this.identity, user), at) as Role | null;
  }
}

export interface Asked {
  readonly at?: OneRegion;
  readonly roles?: readonly ActorRole[];
  readonly id?: string;
}
type Outcome = ReturnType<OneRegion["ask"]>;
