/** The command line with everything wrong (contract §2): each mistake gets the exit code that fits and one clear line, never a stack. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { atoll, atollWith, MeshUnderTest, type Ran } from "./atoll.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const folder = mkdtempSync(join(tmpdir(), "atoll-usage-"));
const file = join(folder, "file");
const nowhere = join(folder, "nowhere");
writeFileSync(file, "");
beforeAll(() => atoll("--version")); // builds if it must, and says so
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is said to people. The last line counts: progress may stand before it, a suggestion after an "error:". */
function expectOneLine({ code, stderr }: Ran, wanted: number, line: RegExp): void {
  expect(stderr).toMatch(line);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
  expect(code).toBe(wanted);
}

test.each<readonly [string, number, RegExp]>([
  ["stats", 2, /unknown command 'stats'\n\(Did you mean status\?\)/],
  ["up --prot 9000", 2, /unknown option '--prot'\n\(Did you mean --port\?\)/],
  ["up extra", 2, /too many arguments for 'up'/],
  ["up --port abc", 2, /--port abc is no port/],
  ["up --port 65500", 2, /--port 65500 is no port .*port \+ 53/],
  ["up --delay us-xx=4ms", 2, /us-xx is no pair of regions/],
  ["up --delay us-eu=fast", 2, /--delay us-eu=fast is not understood \(write it like/],
  ["up --clock-offset xx=+1h", 2, /there is no region xx/],
  ["up --regions us,us", 2, /names a region twice/],
  ["up --regions ../x", 2, /"..\/x" is no name for a region/],
  [`up --data ${file}`, 2, /is a file, not a folder/],
  [`up --detach --data ${file}`, 2, /is a file, not a folder/],
  ["up --data=", 2, /--data names no folder/],
  ["cut", 2, /missing required argument 'region'/],
  ["cut a b c", 2, /too many arguments for 'cut'/],
  [`cut us --data ${nowhere}`, 3, /no mesh runs in .*nowhere \(start one: atoll up --data/],
  [`heal --data ${nowhere}`, 3, /no mesh runs in/],
  [`kill us --data ${nowhere}`, 3, /no mesh runs in/],
  [`status --data ${nowhere}`, 3, /no mesh runs in/],
  [`verify --data ${nowhere}`, 3, /no mesh runs in/],
  [`token --user ann --data ${nowhere}`, 3, /no mesh has been started in/],
  ["token", 2, /required option '--user <user>'/],
  [`token --user a/b --data ${nowhere}`, 2, /a\/b is no user id/],
  ["play no-such-file", 2, /there is no file no-such-file/],
  [`play ${file} --rate 1e2 --data ${nowhere}`, 2, /--rate 1e2 is not a number from 0.1 to 100000/],
  [`play ${file} --limit 2.5 --data ${nowhere}`, 2, /--limit 2.5 is no whole number/],
  [`play ${file} --edits 0x1 --data ${nowhere}`, 2, /--edits 0x1 is not a number from 0 to 1/],
  [`drill partition us --load +5 --data ${nowhere}`, 2, /--load \+5 is not a number from 1 to 10000/],
  [`regions drain us --rate 1e2 --data ${nowhere}`, 2, /--rate 1e2 is no number of sockets a second/],
  [`audit replay ${file} --until 2026`, 2, /--until 2026 is no time/],
  ["verify --url http://127.0.0.1:9", 3, /no region answers: http:\/\/127\.0\.0\.1:9: /],
  ["verify --url nonsense --token x", 2, /--url nonsense is no address/],
  ["verify --url http://127.0.0.1:9 --token x", 3, /no region answers/],
  ["status --watch --json", 2, /choose one/],
])("atoll %s ends with %i and one line", async (line, code, said) => {
  expectOneLine(await atoll(...line.split(" ")), code, said);
});

test("with --json a refusal is one document on stdout", async () => {
  const { code, stdout } = await atoll("status", "--json", "--data", nowhere);
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toEqual({ error: { message: `no mesh runs in ${nowhere}`, hint: `start one: atoll up --data ${nowhere}` } });
});

test.each([
  ["detached", ["--detach"]],
  ["in the foreground", []],
] as const)("a nats-server that is none is named, with what mends it (%s)", async (_, flags) => {
  for (const path of [nowhere, file]) {
    const ran = await atollWith({ ...process.env, ATOLL_NATS_SERVER: path }, "up", "--data", join(folder, "new"), ...flags);
    expectOneLine(ran, 3, new RegExp(`nats-server at ${path} cannot be run: name another with --nats-server PATH`));
  }
});

describe.skipIf(server === undefined)("a folder that has a mesh", () => {
  const mesh = new MeshUnderTest();
  const shared = ["--regions", "us,eu"];
  beforeAll(async () => expect((await mesh.up(...shared)).code).toBe(0));
  afterAll(() => mesh.remove());

  test("a second up is refused, whatever it asks for; the first goes on", async () => {
    for (const more of [[], ["--port", "9100"], ["--detach"]])
      expectOneLine(await atoll("up", "--data", mesh.data, ...more), 2, /a mesh already runs in .*\(pid \d+\) \(stop it first: atoll down/);
    expect(await mesh.ready("us")).toBe(true);
  });

  test("regions that are not there are named with those that are", async () => {
    expectOneLine(await atoll("cut", "mars", "--data", mesh.data), 2, /there is no region mars \(regions: us, eu\)/);
    expectOneLine(await atoll("cut", "us", "us", "--data", mesh.data), 2, /us is one region; a link has two ends/);
    expectOneLine(await atoll("kill", "mars", "--data", mesh.data), 2, /there is no region mars/);
    expectOneLine(await atoll("conflicts", "--region", "mars", "--data", mesh.data), 2, /there is no region mars/);
  });

  test("of two that are started at once one wins, the other says who did", async () => {
    expect((await mesh.run("down")).code).toBe(0);
    const both = await Promise.all([mesh.up(), mesh.up()]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 2]);
    expectOneLine(both.find(({ code }) => code === 2)!, 2, /a mesh already runs in/);
  });

  test("after kill -9 of the supervisor every question says how to clear up, and down leaves no process", async () => {
    process.kill(mesh.document().pid, "SIGKILL");
    for (const command of [["status"], ["cut", "us"]])
      expectOneLine(
        await atoll(...command, "--data", mesh.data),
        3,
        /(does not answer|no region answers: .*) \(clear what is left of it: atoll down/,
      );
    const { code, stdout } = await atoll("down", "--data", mesh.data);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/had been killed; ended \d+ processes/) });
    expect(mesh.processes()).toEqual([]);
    expect((await atoll("down", "--data", mesh.data)).stderr).toMatch(/no mesh runs in/);
  });

  test("ports that others have, other regions, and a folder of another version are refused before anything starts", async () => {
    const other = createServer().listen(mesh.port, "127.0.0.1");
    expectOneLine(await mesh.up(), 2, new RegExp(`port ${mesh.port} is in use \\(end what listens there, or choose another: --port\\)`));
    other.close();
    expectOneLine(await mesh.up("--regions", "us,mars"), 2, /holds a mesh of us,eu, not us,mars/);
    const layout = join(mesh.data, "layout.json");
    writeFileSync(layout, readFileSync(layout, "utf8").replace('"format":1', '"format":99'));
    expectOneLine(await mesh.up(), 2, /was made by another version of Atoll/);
    for (const [text, words] of [
      ['{"format":1}', /says too little/],
      ["not JSON", /cannot be read/],
    ] as const) {
      writeFileSync(layout, text);
      expectOneLine(await mesh.up(), 2, words);
      expectOneLine(await atoll("up", "--data", mesh.data, "--port", String(mesh.port)), 2, words);
    }
    expect(mesh.processes()).toEqual([]);
  });
});
