/** Joins one write into a register. Order and repetition do not matter: a stamp that is there already changes nothing. */
import { addHash, EMPTY_SUM } from "./hash.ts";
import type { Register, Write } from "./register.ts";
import type { Judgement } from "./resolve.ts";
import { follows, resolve, UNRESOLVED } from "./resolve.ts";

export function applyWrite(before: Register | undefined, write: Write, judgement: Judgement): Register {
  const register: Register = before ?? { key: write.key, entries: [], seen: [], count: 0, sum: EMPTY_SUM, resolution: UNRESOLVED };
  const event = "entry" in write ? write.entry : write.seen;
  const there = [...register.entries, ...register.seen].some(({ stamp }) => stamp === event.stamp);
  if (there) return register;
  // A marker that somebody has seen a conflict is no version: it moves a record's state, not the register's digest.
  if ("seen" in write) return reresolve({ ...register, seen: [...register.seen, write.seen] }, judgement);
  const { entry } = write;
  const counted = { ...register, count: register.count + 1, sum: addHash(register.sum, entry.hash) };
  const entries = [...register.entries, entry];
  if (follows(register.resolution, register.entries, entry) && judgement.standing(entry) === "ok")
    return { ...counted, entries, resolution: { ...register.resolution, value: entry.value, winner: entry.stamp, heads: [entry.stamp] } };
  return reresolve({ ...counted, entries }, judgement);
}

/** The same entries judged again: a right or a birth has come, or a stretch of stamps is distrusted. */
export const reresolve = (register: Register, judgement: Judgement): Register => ({
  ...register,
  resolution: resolve(register, judgement),
});
