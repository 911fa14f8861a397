/** Joins one write into a register. Order and repetition do not matter: a stamp that is there already changes nothing, and entries stand in order of stamps. */
import { addHash, EMPTY_SUM } from "./hash.ts";
import type { Register, Write } from "./register.ts";
import type { Judgement } from "./resolve.ts";
import { resolve, UNRESOLVED } from "./resolve.ts";
import { resolveNext } from "./resolve-next.ts";
import type { Stamp } from "./stamp.ts";

/** `before` is the register as it was, undefined where nobody has written to it; it is left as it is. */
export function applyWrite(before: Register | undefined, write: Write, judgement: Judgement): Register {
  const register: Register = before ?? { key: write.key, entries: [], seen: [], count: 0, sum: EMPTY_SUM, resolution: UNRESOLVED };
  // A marker that somebody has seen a conflict is no version: it moves a record's state, not the register's digest.
  if ("seen" in write) {
    const seen = inserted(register.seen, write.seen);
    return seen === register.seen ? register : reresolve({ ...register, seen }, judgement);
  }
  const { entry } = write;
  const entries = inserted(register.entries, entry);
  if (entries === register.entries) return register;
  const joined = { ...register, entries, count: register.count + 1, sum: addHash(register.sum, entry.hash) };
  if (before === undefined) return reresolve(joined, judgement); // judged there, and a right is dear to judge
  const next = judgement.standing(entry) === "ok" ? resolveNext(before.resolution, before.entries, entry) : undefined;
  return next === undefined ? reresolve(joined, judgement) : { ...joined, resolution: next };
}

/** The same entries judged again: a right or a birth has come, or a stretch of stamps is distrusted. */
export const reresolve = (register: Register, judgement: Judgement): Register => ({
  ...register,
  resolution: resolve(register, judgement),
});

/** With `one` at its place, or the very same list when its stamp is there already. What is new is mostly newest. */
function inserted<T extends { readonly stamp: Stamp }>(list: readonly T[], one: T): readonly T[] {
  let place = list.length;
  while (place > 0 && (list[place - 1]?.stamp ?? "") > one.stamp) place -= 1;
  if (list[place - 1]?.stamp === one.stamp) return list;
  return place === list.length ? list.concat([one]) : list.toSpliced(place, 0, one);
}
