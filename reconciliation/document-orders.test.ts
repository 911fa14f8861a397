/** Whatever the order, the verdicts and the moments at which it is folded, a document's text is that of its registers. */
import { expect, test } from "vitest";
import { type Change, changeOf, Desk, writer } from "./document-desk.test-model.ts";
import { at } from "./read/story.test-model.ts";

/** Numbers in [0, 1) from a seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return Math.floor((((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * below);
  };
}
/** Most comes in time, some of it late. */
const delayed = <T>(list: readonly T[], random: (below: number) => number): T[] =>
  list
    .map((one, nth) => ({ one, due: nth + random(3) * random(10) }))
    .sort((a, b) => a.due - b.due)
    .map(({ one }) => one);

/** Three people write and delete here and there, now and then without having heard of each other, and now and then a command is taken twice. */
function history(random: (below: number) => number): readonly Change[] {
  const people = [writer(), writer(), writer()];
  const regions = ["us", "eu", "ap"];
  const changes: Change[] = [];
  for (let nth = 0; nth < 80; nth += 1) {
    const who = random(3);
    const one = people[who] as ReturnType<typeof writer>;
    if (random(3) === 0) for (const { data } of changes) one.hears(Buffer.from(data.update, "base64"));
    const [update] = one.does(() => {
      const { length } = one.text;
      if (length > 0 && random(3) === 0) one.text.delete(random(length), 1 + random(Math.min(length, 400)));
      else one.text.insert(random(length + 1), `${nth} `.repeat(1 + random(80)));
    });
    if (update === undefined) continue;
    const said = { author: `person-${who}` };
    const timeMs = 1_000 + 100 * nth;
    changes.push(changeOf(nth, at(timeMs, regions[who]), update, said));
    if (random(6) === 0) changes.push(changeOf(nth, at(timeMs + nth + 1 + 100 * (random(9) - 5), regions[(who + 1) % 3]), update, said));
  }
  return changes;
}

test.each([1, 2, 3, 4, 5, 6])(
  "S5: two regions that hear it in any order, judge it late and fold when they like show one text, that of the registers (seed %i)",
  (seed) => {
    const random = randomOf(seed);
    const changes = history(random);
    const doubted = changes.filter(() => random(8) === 0);
    const inTheEnd = doubted.map(({ stamp }) => [stamp, random(2) === 0 ? "void" : "ok"] as const);
    let made = 0;
    const texts = [1, 2].map(() => {
      const desk = new Desk(1_500);
      const look = (): void => {
        made += desk.checkpoints().length;
        expect(desk.text() === desk.told()).toBe(true);
      };
      for (const [nth, change] of delayed(changes, random).entries()) {
        desk.tell(change);
        if (random(2) === 0) desk.close(1_000 + 100 * random(nth), 1_000 + 100 * nth);
        const doubt = doubted[random(doubted.length)];
        if (doubt !== undefined && random(5) === 0) desk.rejudge(doubt.data.change, { [doubt.stamp]: STANDINGS[random(3)] ?? "ok" });
        if (random(20) === 0) desk.restart();
        if (nth % 7 === 0) look();
      }
      for (const [place, [stamp, standing]] of inTheEnd.entries()) desk.rejudge(doubted[place]?.data.change ?? "", { [stamp]: standing });
      desk.read();
      desk.close(10_000);
      look();
      return desk.text();
    });
    expect(made).toBeGreaterThan(2);
    expect(texts[0] === texts[1]).toBe(true);
  },
);
const STANDINGS = ["void", "pending", "ok"] as const;
