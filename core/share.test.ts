import fc from "fast-check";
import { expect, test } from "vitest";
import { identityOf } from "./identity.ts";
import { isOfShare, shareName, sharesBeside, WHOLE } from "./share.ts";

test("every channel is of exactly one share, whatever their number", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 16 }), (name, of) => {
      const channel = identityOf("channel", "ana", name);
      const shares = Array.from({ length: of }, (_, i) => ({ nth: i + 1, of }));
      expect(shares.filter((share) => isOfShare(share, channel))).toHaveLength(1);
    }),
  );
});

test("shares are about equally large", () => {
  const channels = Array.from({ length: 4_000 }, (_, i) => identityOf("channel", "ana", `channel ${i}`));
  for (const nth of [1, 2, 3, 4]) {
    const size = channels.filter((channel) => isOfShare({ nth, of: 4 }, channel)).length;
    expect(size).toBeGreaterThan(800);
    expect(size).toBeLessThan(1_200);
  }
});

test("a share is known by a name of its own; who does all goes by the region's", () => {
  expect(shareName("us", WHOLE)).toBe("us");
  expect(shareName("us", { nth: 2, of: 3 })).toBe("us.2of3");
  expect(sharesBeside({ nth: 2, of: 3 }).map(({ nth }) => nth)).toEqual([1, 3]);
});
