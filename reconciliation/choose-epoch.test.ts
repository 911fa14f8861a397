import { describe, expect, test } from "vitest";
import { chooseEpoch, type Evidence, type HeldEpoch } from "./choose-epoch.ts";

const upTo = (epoch: number, head: number, first = 1): HeldEpoch => ({ epoch, first, head });
const NONE: readonly HeldEpoch[] = [];
const heard = (answers: Readonly<Record<string, readonly HeldEpoch[]>>): Evidence["answers"] => new Map(Object.entries(answers));
const wallMs = Date.UTC(2026, 10, 23);
const evidence = (given: Partial<Evidence>): Evidence => ({
  local: [],
  cleanStop: false,
  durableAcks: true,
  peers: ["eu", "ap"],
  answers: new Map(),
  wallMs,
  ...given,
});

describe("L3: which epoch a region writes to when it starts", () => {
  test("a new mesh begins with epoch 1", () => {
    expect(chooseEpoch(evidence({ answers: heard({ eu: NONE, ap: NONE }) }))).toEqual({ kind: "new", epoch: 1 });
    expect(chooseEpoch(evidence({ peers: [] }))).toEqual({ kind: "new", epoch: 1 });
  });

  test("a region without memory that cannot ask its peers takes an epoch that was certainly never used", () => {
    const first = chooseEpoch(evidence({ answers: heard({ eu: NONE }) }));
    const later = chooseEpoch(evidence({ wallMs: wallMs + 2 * 3_600_000 }));
    expect(first.epoch).toBeGreaterThan(1_000);
    expect(later.epoch).toBeGreaterThan(first.epoch);
    expect(first).not.toHaveProperty("previous");
  });

  test("the log goes on after a crash when acks are durable, also while cut off", () => {
    expect(chooseEpoch(evidence({ local: [upTo(1, 40)], known: { epoch: 1, sequence: 38 } }))).toEqual({ kind: "same", epoch: 1 });
  });

  test("without durable acks it goes on after a clean stop, or when all peers hold no more", () => {
    const log = { local: [upTo(1, 40)], durableAcks: false };
    expect(chooseEpoch(evidence({ ...log, cleanStop: true }))).toEqual({ kind: "same", epoch: 1 });
    expect(chooseEpoch(evidence({ ...log, answers: heard({ eu: [upTo(1, 40)], ap: [upTo(1, 12)] }) }))).toEqual({ kind: "same", epoch: 1 });
  });

  test("without durable acks, after a crash and with a peer out of reach, a new epoch names the old one", () => {
    const log = { local: [upTo(1, 40)], durableAcks: false, answers: heard({ eu: [upTo(1, 40)] }) };
    expect(chooseEpoch(evidence(log))).toEqual({ kind: "new", epoch: 2, previous: { epoch: 1, sequence: 40 } });
  });

  test("a tail that a peer kept is fetched back when all peers have spoken", () => {
    const answers = heard({ eu: [upTo(3, 44)], ap: [upTo(3, 50)] });
    expect(chooseEpoch(evidence({ local: [upTo(3, 40)], answers }))).toEqual({ kind: "restore", epoch: 3, peer: "ap" });
    expect(chooseEpoch(evidence({ local: [], answers }))).toEqual({ kind: "restore", epoch: 3, peer: "ap" });
  });

  test("a tail that nobody within reach holds is fenced by a new epoch", () => {
    const known = { epoch: 1, sequence: 50 };
    expect(chooseEpoch(evidence({ local: [upTo(1, 40)], known, answers: heard({ eu: [upTo(1, 44)], ap: NONE }) }))).toEqual({
      kind: "new",
      epoch: 2,
      previous: { epoch: 1, sequence: 50 },
    });
    expect(chooseEpoch(evidence({ local: [upTo(1, 40)], known }))).toMatchObject({ kind: "new", epoch: 2 });
  });

  test("a mirror that begins above our head cannot mend the log", () => {
    const answers = heard({ eu: [upTo(1, 50, 45)], ap: NONE });
    expect(chooseEpoch(evidence({ local: [upTo(1, 40)], answers }))).toMatchObject({ kind: "new", epoch: 2 });
  });

  test("an epoch that only one peer remembers may not be the last: with another out of reach it is not counted up", () => {
    const choice = chooseEpoch(evidence({ answers: heard({ eu: [upTo(1, 50)] }) }));
    expect(choice).toMatchObject({ kind: "new", previous: { epoch: 1, sequence: 50 } });
    expect(choice.epoch).toBeGreaterThan(1_000);
  });

  test("an epoch that was opened is never opened again, also where its log is lost before the store has applied any of it", () => {
    const known = { epoch: 1, sequence: 4 };
    expect(chooseEpoch(evidence({ known, opened: 2 }))).toEqual({ kind: "new", epoch: 3, previous: { epoch: 2, sequence: 0 } });
    expect(chooseEpoch(evidence({ known, opened: 2, local: [upTo(1, 4), upTo(2, 0)] }))).toEqual({ kind: "same", epoch: 2 });
  });

  test("a log that held less than its store had applied has lost what people may have seen: nobody writes on in it, but after a clean stop", () => {
    const log = { local: [upTo(1, 40)], known: { epoch: 1, sequence: 40 }, fellShort: true };
    expect(chooseEpoch(evidence({ ...log, answers: heard({ eu: [upTo(1, 40)], ap: [upTo(1, 40)] }) }))).toMatchObject({
      kind: "new",
      epoch: 2,
    });
    expect(chooseEpoch(evidence({ ...log, cleanStop: true }))).toEqual({ kind: "same", epoch: 1 });
  });
});
