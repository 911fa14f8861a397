/** What every store of shared pages promises; run on each adapter. */
import { describe, expect, test } from "vitest";
import type { SharedPages } from "./shared-pages.ts";

/** `open(region)` joins the pages of a region; `written` resolves when what was put can be read. */
export function sharedPagesContract(
  name: string,
  open: (region: string) => Promise<{ readonly pages: SharedPages; readonly written: () => Promise<void> }>,
): void {
  describe(`shared pages: ${name}`, () => {
    let count = 0;
    const fresh = (): string => `p${process.pid}-${(count += 1)}`;

    test("what was put last is found, by every process of the region and by no other region", async () => {
      const region = fresh();
      const [one, other, foreign] = [await open(region), await open(region), await open(fresh())];
      expect(await one.pages.get("a")).toBeUndefined();
      one.pages.put("a", "first");
      one.pages.put("a", '{"second":"\u{1f600}\\n"}');
      one.pages.put("b c|*", "");
      await one.written();
      expect(await other.pages.get("a")).toBe('{"second":"\u{1f600}\\n"}');
      expect(await other.pages.get("b c|*")).toBe("");
      expect(await foreign.pages.get("a")).toBeUndefined();
    });

    test("a page that is too large is not kept, and harms nobody", async () => {
      const { pages, written } = await open(fresh());
      pages.put("large", "x".repeat(2_000_000));
      pages.put("small", "y");
      await written();
      expect(await pages.get("large")).toBeUndefined();
      expect(await pages.get("small")).toBe("y");
    });
  });
}
