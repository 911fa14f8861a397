/** The console in a real browser, on a real mesh that is cut and heals. ATOLL_SCREENSHOTS names a folder to look at afterwards. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { browserForTests, openBrowser } from "./browser.ts";
import { channelOf } from "./channel.ts";
import type { Person } from "./person.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const chromium = server === undefined ? undefined : browserForTests();
// biome-ignore lint/performance/useDomNodeTextContent: what a person reads is what counts here, line breaks included
const read = (place: Locator): Promise<string> => place.innerText();
const SHOTS = process.env["ATOLL_SCREENSHOTS"];

describe.skipIf(server === undefined || chromium === undefined)("the console", () => {
  const mesh = new MeshUnderTest();
  let browser: Browser;
  let page: Page;
  let auditor: Person;
  const wrong: string[] = [];
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    browser = await openBrowser(chromium ?? "");
    page = await browser.newPage({ viewport: { width: 1_200, height: 900 } });
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    auditor = await mesh.person("auditor", "auditor");
  });
  afterAll(async () => {
    await browser?.close();
    await mesh.remove();
  });

  const verdict = (): Promise<string> => read(page.locator("#verdict"));
  const says = (words: string): Promise<number> => until(`the console says ${words}`, async () => (await verdict()).startsWith(words));
  /** What the row of a region says of a peer. */
  const link = (region: string, column: number): Promise<string> =>
    read(page.locator(`#links tbody tr:has(th:text-is("${region}")) td`).nth(column));
  const shoot = async (name: string): Promise<void> => {
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  };
  const columns = (): Promise<readonly string[]> => page.locator("#links thead th").allInnerTexts();

  test("without a token it says how to get one", async () => {
    await page.goto(`${mesh.url("eu")}/console/`);
    expect(await read(page.locator("#note"))).toContain("atoll token");
    expect(await page.locator("#content").isVisible()).toBe(false);
  });

  test("P2: links are live, cut off after the cut, healed and live after the heal, as every end sees them; the conflict stands there", async () => {
    const ann = await mesh.person("ann");
    const channel = await channelOf(mesh, [ann]);
    const path = `/v1/channels/${channel}/messages`;
    const { body } = await ann.write("us", { method: "POST", path, key: "first", body: { body: "Hello" } });
    await mesh.settled();

    await page.goto(`${mesh.url("eu")}/console/#token=${auditor.token}`);
    await page.reload(); // the token went from the address into the page's own memory
    await says("All regions are live");
    expect(page.url()).toBe(`${mesh.url("eu")}/console/`);
    expect(await columns()).toEqual(["seen from", "ap", "eu", "us"]);
    expect(await page.getByRole("img").getAttribute("aria-label")).toBe("Links: ap – eu live, ap – us live, eu – us live");
    await until("they were compared equal", async () => (await verdict()).includes("digest"));
    await shoot("live");

    expect((await mesh.run("cut", "us")).code).toBe(0);
    await says("Cut off: ap – us, eu – us");
    // The verdict follows whichever end notices first; each end says it when it knows.
    await until("eu says since when", async () => /cut-off\s+for \d+ s\s+since \d\d:\d\d:\d\d/.test(await link("eu", 2)));
    await until("us says so too", async () => (await link("us", 0)).includes("cut-off"));
    expect(await link("eu", 0)).toContain("live");
    expect(await page.getByRole("img").getAttribute("aria-label")).toContain("eu – us cut-off");
    for (const region of ["us", "eu"]) {
      const edit = {
        method: "PATCH",
        path: `${path}/${body["id"]}`,
        key: `edit-${region}`,
        body: { body: `Hello from ${region}` },
      } as const;
      expect((await ann.write(region, edit)).status).toBe(200);
    }
    await shoot("cut");
    await page.emulateMedia({ colorScheme: "dark" });
    await shoot("cut-dark");
    await page.emulateMedia({ colorScheme: "light" });

    expect((await mesh.run("heal")).code).toBe(0);
    await says("All regions are live");
    await until("the conflict is shown", async () => (await page.locator("#conflicts article").count()) === 1);
    expect(await read(page.locator("#conflicts article"))).toMatch(/won ann in eu: Hello from eu\s+lost ann in us: Hello from us/);
    await until("it is counted", async () => (await read(page.locator("#count"))) === "1 open", 20_000);
    await shoot("healed");
    await page.setViewportSize({ width: 390, height: 844 });
    await shoot("narrow");
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });

  test("a region that dies is shown as one that does not answer, and the page goes on", async () => {
    expect((await mesh.run("kill", "ap")).code).toBe(0);
    await until("ap does not answer", async () => (await read(page.locator("#regions"))).includes("no answer"));
    await says("Cut off: ap – eu, ap – us");
    // Nobody here can know that ap goes on serving its users.
    await until("the verdict says so", async () => (await verdict()).includes("ap does not answer this browser either"));
    expect((await mesh.run("start", "ap")).code).toBe(0);
    await says("All regions are live");
  });

  test("the page needs nothing but itself: no error, no refused script or style", () => {
    // What a browser says of a region that was killed, in its own words.
    expect(wrong.filter((words) => !/Failed to load resource/.test(words))).toEqual([]);
  });
});
