import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Look, seen, type Watched } from "./health.ts";
import { type Sighting, type Standing, stand, type Told, type Vote } from "./standing.ts";
import { STEERING } from "./steering-settings.ts";

const up: Watched = { state: "up", why: "ready", settled: true, against: 0, neverUp: false };
const down: Watched = { state: "down", why: "no answer", settled: true, against: 0, neverUp: false };
const vote = (from: string, watched: Watched): Vote => ({ from, ...watched });
const told: Told = { load: 0, converged: false, cutOffMs: 0 };
const MINUTE = 60_000;

/** An observer that looks once a second and sees what it is shown; it has been looking for long unless said. */
class Observer {
  nowMs: number;
  now: Standing | undefined;
  constructor(ageMs = 10 * MINUTE) {
    this.nowMs = ageMs;
  }
  sees(sighting: Partial<Sighting>, forMs = 0): Standing {
    const whole: Sighting = { own: up, others: [], told, drained: undefined, returning: undefined, ...sighting };
    for (const untilMs = this.nowMs + forMs; ; this.nowMs += 1_000) {
      this.now = stand(this.now, whole, { nowMs: this.nowMs, ageMs: this.nowMs, settings: STEERING });
      if (this.nowMs >= untilMs) return this.now;
    }
  }
}
const state = ({ health }: Standing) => health.state;

describe("looks at a region", () => {
  const gone: Look = { found: "down", why: "no answer" };
  const ready: Look = { found: "ready" };
  const looked = (...looks: readonly Look[]) => looks.reduce<Watched | undefined>(seen, undefined)!;

  test("one or two may err; three in a row do not", () => {
    expect(looked(ready, gone, gone)).toMatchObject({ state: "up", settled: false });
    expect(looked(ready, gone, gone, ready, gone, gone)).toMatchObject({ state: "up" });
    expect(looked(ready, gone, gone, gone)).toMatchObject({ state: "down", why: "no answer", settled: true });
  });
  test("it is up again after three good ones in a row", () => {
    const dead = [ready, gone, gone, gone] as const;
    expect(looked(...dead, ready, ready)).toMatchObject({ state: "down", settled: false });
    expect(looked(...dead, ready, ready, gone, ready, ready)).toMatchObject({ state: "down" });
    expect(looked(...dead, ready, ready, ready)).toMatchObject({ state: "up", settled: true });
  });
  test("what a region says of itself is believed at once (T2: a red clock is not offered)", () => {
    expect(looked(ready, { found: "clock", why: "900 ms ahead" })).toMatchObject({ state: "clock", why: "900 ms ahead" });
    expect(looked(ready, { found: "draining", why: "going" }, gone)).toMatchObject({ state: "down" });
  });
  test("the first of all decides, when it is good", () => {
    expect([looked(ready).state, looked(gone).state]).toEqual(["up", "up"]);
  });
  test("who was never seen well is believed at its first yes; later it needs three like everybody", () => {
    expect(looked(gone, gone, gone, ready)).toMatchObject({ state: "up", settled: true });
    expect(looked(gone, gone, gone, ready, gone, gone, gone, ready)).toMatchObject({ state: "down", settled: false });
  });
  test("whatever comes, a state changes only after three in a row that agree, or by the region's own word: nothing flaps", () => {
    const look = fc.constantFrom<Look>(ready, gone, { found: "unready", why: "no store" });
    fc.assert(
      fc.property(fc.array(look, { minLength: 3, maxLength: 40 }), (looks) => {
        let now = seen(undefined, ready);
        for (const [i, one] of looks.entries()) {
          const before = now;
          now = seen(before, one);
          if ((now.state === "up") === (before.state === "up")) continue;
          const three = looks.slice(Math.max(0, i - 2), i + 1).map(({ found }) => found === "ready");
          expect(three).toEqual(Array(3).fill(now.state === "up"));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("several vantage points", () => {
  test("a region that answers nobody is down", () => {
    const standing = new Observer().sees({ own: down, others: [vote("eu", down), vote("ap", down)] });
    expect(standing.health).toMatchObject({ state: "down", why: "no answer, seen from 3 places" });
  });
  test("who hears nobody else has its own looks only; one word of another that it lives, and it is not down (T7)", () => {
    const one = new Observer();
    expect(state(one.sees({ own: down, others: [] }))).toBe("down");
    expect(state(one.sees({ own: down, others: [vote("eu", up)] }))).toBe("up");
  });
  test("a partition between regions never counts as down: an answer to anybody proves life", () => {
    const one = new Observer();
    expect(state(one.sees({ own: down, others: [vote("eu", down), vote("ap", up)] }))).toBe("up");
    expect(state(one.sees({ own: up, others: [vote("eu", down), vote("ap", down)] }, 4 * MINUTE))).toBe("up");
    expect(one.now!.health.settled).toBe(false);
  });
  test("reached by few for longer than most partitions last, it is offered to nobody (T7), and comes back by a ramp", () => {
    const one = new Observer();
    const cut = { own: up, others: [vote("eu", down), vote("ap", down)] };
    one.sees({});
    expect(state(one.sees(cut, 5 * MINUTE - 1_000))).toBe("up");
    one.nowMs += 1_000;
    expect(one.sees(cut).health).toMatchObject({ state: "cut-off", why: "for 5 min reached from 1 of 3 places only" });
    expect(one.sees({}).health).toMatchObject({ state: "up", share: 0.1 });
  });
  test("cut off from all its peers by its own word: the same, and not before (T7)", () => {
    const one = new Observer();
    expect(state(one.sees({ told: { ...told, cutOffMs: 5 * MINUTE - 1 } }))).toBe("up");
    expect(one.sees({ told: { ...told, cutOffMs: 5 * MINUTE } }).health).toMatchObject({
      state: "cut-off",
      why: "cut off from all its peers for 5 min",
    });
  });
  test("what the region says to whoever reaches it counts", () => {
    const clock: Watched = { state: "clock", why: "900 ms ahead", settled: true, against: 0, neverUp: false };
    expect(state(new Observer().sees({ own: down, others: [vote("eu", clock)] }))).toBe("clock");
  });
  test("drained by order it is drained, whatever is seen", () => {
    expect(new Observer().sees({ drained: "by ops" }).health).toMatchObject({ state: "drained", why: "by ops", share: 0 });
  });
});

describe("the way back", () => {
  const back = (): Observer => {
    const one = new Observer();
    one.sees({});
    one.sees({ own: down });
    return one;
  };
  const share = ({ health }: Standing) => Math.round(health.share * 100) / 100;
  test("from a tenth to all in ten minutes", () => {
    const one = back();
    expect(share(one.sees({}))).toBe(0.1);
    expect(share(one.sees({}, 5 * MINUTE))).toBe(0.55);
    expect(share(one.sees({}, 5 * MINUTE))).toBe(1);
  });
  test("faster only when it is proved equal to its peers", () => {
    const one = back();
    one.sees({});
    expect(share(one.sees({ told: { ...told, converged: true } }, 2 * MINUTE))).toBe(1);
  });
  test("it dies again: from the beginning", () => {
    const one = back();
    one.sees({}, 5 * MINUTE);
    one.sees({ own: down });
    expect(share(one.sees({}))).toBe(0.1);
  });
  test("drained and restored: the same ramp", () => {
    const one = new Observer();
    one.sees({});
    one.sees({ drained: "by ops" });
    expect(share(one.sees({}))).toBe(0.1);
  });
  test("a mesh that starts as a whole is coming back from nowhere", () => {
    const one = new Observer(0);
    one.sees({ own: undefined });
    one.sees({ own: down }, 5_000);
    expect(share(one.sees({}))).toBe(1);
  });
  test("a region that was drained when the observer began is coming back all the same", () => {
    const one = new Observer(0);
    one.sees({ drained: "by ops" }, 5_000);
    expect(share(one.sees({}))).toBe(0.1);
  });
  test("held back when the observer began and not reached by all when it is up again, it is coming back all the same", () => {
    const one = new Observer(0);
    one.sees({ told: { ...told, cutOffMs: 5 * MINUTE } }, 5_000);
    const notByAll = { others: [vote("eu", down), vote("ap", up)] };
    expect(share(one.sees(notByAll))).toBe(0.1);
    expect(share(one.sees(notByAll, 5_000))).toBeLessThan(0.12);
  });
  test("a region that joins a running mesh takes its clients by a ramp", () => {
    const one = new Observer();
    one.sees({ own: undefined });
    one.sees({ own: down });
    expect(share(one.sees({}))).toBe(0.1);
  });
  test("an observer that has just begun takes the others' word for how far it has come", () => {
    const one = new Observer(0);
    one.sees({});
    expect(share(one.sees({ returning: 0.5 }))).toBe(0.55);
    expect(share(one.sees({ returning: 0.51 }))).toBe(0.56);
  });
  test("whoever begins to look while it is held back sees it come back step by step, whether all reach it or not", () => {
    const step = fc.record({ seconds: fc.integer({ min: 1, max: 20 }), all: fc.boolean(), returning: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const one = new Observer(0);
        one.sees({ told: { ...told, cutOffMs: 5 * MINUTE } });
        let before = one.sees({ others: [vote("eu", down), vote("ap", up)] }).health.share;
        let most = 0.1;
        for (const { seconds, all, returning } of steps) {
          one.nowMs += seconds * 1_000;
          most += (seconds * 0.9) / 600;
          const { share } = one.sees({
            others: all ? [] : [vote("eu", down), vote("ap", up)],
            returning: returning ? (before - 0.1) / 0.9 : undefined,
          }).health;
          expect(share).toBeGreaterThanOrEqual(before);
          expect(share).toBeLessThanOrEqual(Math.min(1, most) + 1e-9);
          before = share;
        }
      }),
    );
  });
  test("shares never shrink while it stays up, however observers' clocks and words differ", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60), fc.boolean(), fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined })), {
          maxLength: 40,
        }),
        (steps) => {
          const one = back();
          let before = one.sees({}).health.share;
          for (const [seconds, converged, returning] of steps) {
            one.nowMs += seconds * 1_000;
            const now = one.sees({ told: { ...told, converged }, returning }).health.share;
            expect(now).toBeGreaterThanOrEqual(before);
            before = now;
          }
        },
      ),
    );
  });
});

test("load around the threshold moves nobody to and fro", () => {
  const one = new Observer();
  const shed = (load: number) => one.sees({ told: { ...told, load } }).health.shed;
  expect([0.79, 0.81, 0.79, 0.81, 0.76].map((load) => shed(load) > 0)).toEqual([false, true, true, true, true]);
  expect(shed(0.74)).toBe(0);
  expect(shed(0.95)).toBe(1);
});
