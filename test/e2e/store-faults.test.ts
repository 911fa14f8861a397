/**
 * Chat is played on real stores while one of them is in trouble: nothing is lost, sends keep their latency, the region says what is degraded, and in
 * the end every store holds what the region does. Short plays; `npm run store-faults` has long ones.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { storesMissing } from "../servers/all-stores.ts";
import { describeWith } from "../servers/needed.ts";
import { FAULTS } from "../store-faults/faults.ts";
import { madeUp, openTheatre, type Theatre } from "../store-faults/theatre.ts";

const MESSAGES = 300;
const RATE = 50;
const TROUBLE_MS = 4_000;
/** Half of all sends wait for no store, late ones neither: those take 2 s. What is below that is room for a machine that does much else. */
const QUICK_MS = 1_000;

describeWith("stores in trouble under a play", await storesMissing(), () => {
  let theatre: Theatre;
  let file: string;
  beforeAll(async () => {
    theatre = await openTheatre(["us", "eu"], { small: true });
    file = madeUp(theatre.mesh.data, MESSAGES);
  });
  afterAll(() => theatre.close());

  test.each(FAULTS)("$name", async (fault) => {
    if (fault.needsDisk && !theatre.hasDisks)
      return console.warn(`SKIPPED: ${fault.name}: it needs a small disk, and only root may mount one`);
    const { report, degraded, compared } = await theatre.play({
      file,
      arguments: ["--rate", String(RATE), "--edits", "0.05"],
      fault,
      lengthMs: TROUBLE_MS,
    });
    expect(report).toMatchObject({ sent: MESSAGES, lost: 0, duplicated: 0, outOfOrder: 0, converged: true });
    expect(report.local.p50Ms).toBeLessThan(QUICK_MS);
    expect(report.cross.p50Ms).toBeLessThan(QUICK_MS); // M6: delivery waits for no store
    if (!fault.mayPassUnnoticed) expect(degraded).toContain(fault.store);
    expect(compared.flatMap(({ differences }) => differences)).toEqual([]);
    expect(compared.every(({ messages, memberships }) => messages >= MESSAGES && memberships > 0)).toBe(true);
  });
});
