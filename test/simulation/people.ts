/** The people of a simulation, as each of them is and as those see them who draw what is done next. */
import type { Actor, Command } from "../../core/command.ts";
import type { Message } from "../../core/objects.ts";

export interface Person {
  readonly user: string;
  readonly actor: Actor;
  /** The region they are at. */
  at: string;
  /** Versions they looked at some time ago: what a stale edit replaces. */
  readonly looked: Map<string, { readonly message: Message; readonly channel: string }>;
}

export interface Crowd {
  readonly people: readonly Person[];
  /** Shown ids of the channels that anybody may know of. */
  readonly channels: readonly string[];
  /** Any number names one of them. */
  person(index: number): Person;
  /** A fresh id for a command. */
  nextId(): string;
  /** Asks until an answer comes or nobody hopes for one any more; where the person is, unless a region is named. */
  ask(person: Person, command: Command, region?: string): void;
}
