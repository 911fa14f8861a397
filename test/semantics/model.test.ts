/** The core and the definitions, written apart, say the same of every world, and at every moment while it becomes known. */
import { expect, test } from "vitest";
import { conflictId } from "../../core/conflict-records.ts";
import { distrustOf } from "../../core/distrust.ts";
import type { Entry, Register, RegisterKey } from "../../core/register.ts";
import { applyWrite, reresolve } from "../../core/register-apply.ts";
import { standings } from "../../core/rights.ts";
import type { Random } from "../simulation/random.ts";
import { randomOf } from "../simulation/random.ts";
import { judgedIn, shownOf } from "./model.ts";
import { seenBy } from "./model-rights.ts";
import type { Step } from "./worlds.ts";
import { anyRegister, anyRights, shuffled, worldOf } from "./worlds.ts";

/** Registers that grow write by write, as a replica's do. */
class Growing {
  readonly registers = new Map<RegisterKey, Register>();
  #steps: readonly Step[] = [];

  /** `everywhere`: other registers may lean on what has come, and are judged again. */
  take(step: Step, everywhere: boolean): void {
    this.#steps = [...this.#steps, step];
    if ("write" in step) {
      const { key } = step.write;
      const before = this.registers.get(key);
      const entries = [...(before?.entries ?? []), ...("entry" in step.write ? [step.write.entry] : [])];
      this.registers.set(key, applyWrite(before, step.write, this.#judgement(key, entries)));
    }
    if (everywhere || "witness" in step)
      for (const [key, register] of this.registers) this.registers.set(key, reresolve(register, this.#judgement(key, register.entries)));
  }

  #judgement(key: RegisterKey, entries: readonly Entry[]) {
    const { witnesses } = worldOf(this.#steps);
    return {
      isDistrusted: distrustOf(witnesses),
      standing: standings({ key, entries }, { lookup: (one) => this.registers.get(one), witnesses }),
      merge: (heads: readonly { readonly stamp: string }[]) => `merge(${heads.map(({ stamp }) => stamp)})`,
    };
  }
}

function expectSame(growing: Growing, steps: readonly Step[], told: string): void {
  const world = worldOf(steps);
  for (const [key, { resolution }] of growing.registers) {
    const expected = shownOf(world, key);
    const records = expected.records.map((record) => ({ ...record, id: conflictId(key, record.base) }));
    expect({ told, key, ...resolution }).toEqual({ told, key, ...expected, records });
  }
}

/** As it was made, and in an arbitrary order with repetitions; compared after each step. */
function grow(steps: readonly Step[], random: Random, everywhere: boolean, told: string): Growing {
  let growing = new Growing();
  for (const order of [steps, shuffled([...steps, ...steps.slice(0, 2)], random)]) {
    growing = new Growing();
    for (const [index, step] of order.entries()) {
      growing.take(step, everywhere);
      expectSame(growing, [...new Set(order.slice(0, index + 1))], `${told}, after ${index + 1} steps`);
    }
  }
  return growing;
}

const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 2_000);

test(`S1, S2, S3, S5: one register, in any order (seeds 1..${SEEDS})`, () => {
  const found = { records: 0, final: 0, merged: 0, distrusted: 0, restored: 0, twins: 0, incomplete: 0 };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = randomOf(seed);
    const steps = anyRegister(random);
    const { registers } = grow(steps, random, false, `seed ${seed}`);
    for (const { resolution, entries } of registers.values()) {
      found.records += resolution.records.length;
      found.incomplete += resolution.incomplete.length;
      found.twins += entries.length > new Set(entries.map(({ author, command, content }) => author + command + content)).size ? 1 : 0;
      for (const { rule, reason, state } of resolution.records) {
        if (rule === "delete-final") found.final += 1;
        if (rule === "merge") found.merged += 1;
        if (reason === "distrusted") found.distrusted += 1;
        if (state === "restored") found.restored += 1;
      }
    }
  }
  // A generator that never makes what it is there for would prove nothing.
  for (const [what, count] of Object.entries(found)) expect([what, count]).not.toEqual([what, 0]);
});

test(`A4: rights, also forged ones, in any order (seeds 1..${SEEDS})`, () => {
  const found = { ok: 0, pending: 0, void: 0 };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = randomOf(seed);
    const steps = anyRights(random, honestRight);
    const { registers } = grow(steps, random, true, `seed ${seed}`);
    for (const { resolution, entries } of registers.values()) {
      found.pending += resolution.pending.length;
      found.void += resolution.void.length;
      found.ok += entries.length - resolution.pending.length - resolution.void.length;
    }
  }
  for (const [what, count] of Object.entries(found)) expect([what, count]).not.toEqual([what, 0]);
});

/** What an origin that saw what the entry says it saw would name: the membership shown there. */
function honestRight(entry: Entry, steps: readonly Step[]): string | undefined {
  const { versions, isAncestor, judge } = judgedIn(seenBy(entry, worldOf(steps)), `c|member|${entry.author}`);
  const heads = versions.filter((a) => !versions.some((b) => isAncestor(a, b)));
  return heads.length === 0 ? undefined : judge(heads).winner.name;
}
