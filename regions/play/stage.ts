/** Before a play: channels as recorded, everybody who writes there a member, and readers in every region. */
import { randomUUID } from "node:crypto";
import { Stop } from "../cli/answer.ts";
import type { Recorded } from "./recording.ts";
import type { Writers } from "./writers.ts";

export const READERS = ["play-reader-1", "play-reader-2"] as const;
/** Invited with the channel; more follow one by one. */
const AT_CREATION = 900;

export interface Staged {
  readonly owner: string;
  readonly id: string;
}

/** Channel name -> its owner (the first who wrote there) and id. */
export async function stageChannels(
  recording: readonly Recorded[],
  writers: Writers,
  homes: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Staged>> {
  const people = new Map<string, Set<string>>();
  for (const { channel, user } of recording) people.set(channel, (people.get(channel) ?? new Set()).add(user));
  const staged = new Map<string, Staged>();
  for (const [name, users] of people) {
    const [owner = "", ...others] = users;
    const members = [...READERS, ...others];
    const home = homes.get(owner) ?? "";
    const creation = { id: randomUUID(), kind: "channel.create", name, members: members.slice(0, AT_CREATION) };
    const { answer } = await writers.write(owner, home, creation);
    const id = answer?.ok ? answer.result["id"] : undefined;
    if (typeof id !== "string") throw new Stop(1, `the channel ${name} could not be made: ${JSON.stringify(answer ?? "no answer")}`);
    await Promise.all(
      members
        .slice(AT_CREATION)
        .map((user) => writers.write(owner, home, { id: randomUUID(), kind: "member.set", channel: id, user, role: "member" })),
    );
    staged.set(name, { owner, id });
  }
  return staged;
}
