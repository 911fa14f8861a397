/** What a channel's view needs of its client. */
import type { Presence, WireEvent } from "../../core/objects.ts";
import type { Timers } from "../../core/ports/time.ts";
import type { Asked } from "./asked.ts";
import type { Happenings } from "./happenings.ts";

/** What happens inside: beside what the program hears, every event as often as it comes, and each command as it is given. */
export interface Inside extends Happenings {
  readonly every: WireEvent;
  readonly asked: Asked;
}
export interface ViewParts {
  readonly timers: Timers;
  readonly user: () => string | undefined;
  on<Name extends keyof Inside>(name: Name, listener: (what: Inside[Name]) => void): () => void;
  read<Answer>(path: string): Promise<Answer>;
  follow(channel: string, cursor: string): Promise<string>;
  isCaughtUp(channel: string): boolean;
  unanswered(): readonly Asked[];
  answerOf(asked: Asked): unknown;
  presenceOf(user: string): Presence | undefined;
  /** A region has said who of these is there; the others are offline. */
  present(users: readonly string[], there: readonly Presence[]): void;
  closed(view: object, channel: string): void;
}
