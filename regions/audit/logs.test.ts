/** A1 of a mesh of which not every region answers: doors on real sockets that go away in the middle of their logs, which no real region can be made to do so exactly. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { CHAIN_START, type ChainHead, entryHash } from "../../core/audit-chain.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { Gateway, Reached } from "../cli/reach.ts";
import { type ExportHeader, writeExport } from "./export.ts";
import { checkLogs, logsWords } from "./verify.ts";

const folder = mkdtempSync(join(tmpdir(), "atoll-logs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Facts = Readonly<Record<string, unknown>>;
function chainOf(region: string, facts: readonly Facts[]): readonly AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const fact of facts) {
    const prev = entries.at(-1)?.hash ?? CHAIN_START.hash;
    const inside = {
      seq: entries.length + 1,
      region,
      at: new Date(0).toISOString(),
      kind: "operator",
      ...fact,
      prev,
    } as unknown as AuditEntry;
    entries.push({ ...inside, hash: entryHash(prev, inside) });
  }
  return entries;
}
const headOf = (entries: readonly AuditEntry[]): ChainHead => ({ seq: entries.length, hash: entries.at(-1)?.hash ?? CHAIN_START.hash });
const orders = (n: number): readonly Facts[] => Array.from({ length: n }, (_, nth) => ({ order: nth }));

interface Door {
  readonly entries: readonly AuditEntry[];
  readonly heads?: Readonly<Record<string, ChainHead>>;
  /** Pages it gives before its connections end. */
  readonly pages?: number;
  readonly status?: number;
}
const PAGE = 3;

async function doorOf(name: string, { entries, heads = {}, pages = Number.POSITIVE_INFINITY, status = 200 }: Door): Promise<Gateway> {
  let given = 0;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const after = Number(searchParams.get("after"));
    const items = entries.slice(after, after + PAGE);
    const answers: Readonly<Record<string, object>> = {
      "/v1/audit/heads": { heads: { ...heads, [name]: headOf(entries) } },
      "/v1/audit/entries": { items, next: after + PAGE < entries.length ? String(after + PAGE) : null },
      "/v1/verify": { equal: false, asOf: {}, digest: null, regions: {}, differences: [] },
      "/v1/conflicts": { items: [], next: null },
    };
    if (pathname === "/v1/audit/entries" && (given += 1) > pages) return void response.destroy();
    response.writeHead(status).end(JSON.stringify(status === 200 ? answers[pathname] : { detail: "This is for auditors." }));
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { name, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
const NOBODY: Gateway = { name: "ap", url: "http://127.0.0.1:9" };
const mesh = (...gateways: readonly Gateway[]): Reached => ({ gateways, token: "t" });
const check = (reached: Reached) => checkLogs(reached, () => {});

test("a region that is down is named, and the others are checked all the same; that is no yes", async () => {
  const [us, eu] = [chainOf("us", orders(7)), chainOf("eu", orders(4))];
  const checked = await check(
    mesh(await doorOf("us", { entries: us, heads: { ap: { seq: 9, hash: "x" } } }), NOBODY, await doorOf("eu", { entries: eu })),
  );
  expect(checked).toMatchObject({
    intact: false,
    entries: 11,
    firstBroken: null,
    heads: { us: headOf(us), eu: headOf(eu) },
    regions: {
      us: { outcome: "intact", entries: 7 },
      ap: { outcome: "unchecked", entries: 0, why: expect.stringMatching(/ECONNREFUSED|bad port/) },
      eu: { outcome: "intact", entries: 4 },
    },
  });
  expect(logsWords(checked)).toMatch(/^not proved: ap could not be asked; nothing is broken in the others \(11 entries\)\n/);
});

test("what is broken is found also while a region is down", async () => {
  const forged = chainOf("us", orders(7)).map((entry) => (entry.seq === 5 ? { ...entry, order: "another" } : entry));
  const checked = await check(mesh(await doorOf("us", { entries: forged }), NOBODY));
  expect(checked).toMatchObject({ intact: false, firstBroken: { region: "us", seq: 5 }, regions: { us: { outcome: "broken", seq: 5 } } });
  expect(logsWords(checked)).toMatch(/^broken:\nus, entry 5: /);
});

test("a region that goes away in the middle of its log is not accused of having less than its peers saw; what it says of others holds", async () => {
  const eu = chainOf("eu", orders(4));
  const us = chainOf("us", [...orders(3), { kind: "anchor", peer: "eu", head: { ...headOf(eu), hash: "0".repeat(64) } }, ...orders(3)]);
  const whole = await doorOf("eu", { entries: eu, heads: { us: headOf(us) } });
  const first = await check(mesh(await doorOf("us", { entries: us, pages: 1 }), whole));
  expect(first).toMatchObject({
    intact: false,
    broken: [],
    regions: { us: { outcome: "unchecked", entries: 3 }, eu: { outcome: "intact" } },
  });
  const second = await check(mesh(await doorOf("us", { entries: us, pages: 2 }), whole));
  expect(second).toMatchObject({ regions: { us: { outcome: "unchecked", entries: 6 }, eu: { outcome: "broken", seq: 4 } } });
});

test("no region at all cannot be reached; who may not ask is told so", async () => {
  await expect(check(mesh(NOBODY))).rejects.toMatchObject({ code: 3, message: expect.stringMatching(/^no region answers: ap: /) });
  const closed = await doorOf("us", { entries: [], status: 403 });
  await expect(check(mesh(closed, NOBODY))).rejects.toMatchObject({
    code: 1,
    message: "us did not give its audit log: 403 This is for auditors.",
  });
});

test("an export holds the logs of those who answer and names who does not", async () => {
  const file = join(folder, "without-ap.jsonl");
  const reached = mesh(await doorOf("us", { entries: chainOf("us", orders(7)) }), NOBODY);
  expect(await writeExport(reached, file, () => {})).toMatchObject({ entries: 7, missing: [{ region: "ap" }] });
  const [header, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  expect(JSON.parse(header!) as ExportHeader).toMatchObject({ regions: ["us"], missing: [{ region: "ap" }], digest: null });
  expect(lines).toHaveLength(7);
});

test("an export that a region leaves in the middle is none: the former file stays, and nothing is left beside it", async () => {
  const file = join(folder, "former.jsonl");
  writeFileSync(file, "the former export\n");
  const reached = mesh(await doorOf("us", { entries: chainOf("us", orders(7)), pages: 1 }));
  await expect(writeExport(reached, file, () => {})).rejects.toMatchObject({
    code: 3,
    message: expect.stringMatching(/^us went away while its log was read/),
  });
  expect([readFileSync(file, "utf8"), existsSync(`${file}.part`)]).toEqual(["the former export\n", false]);
});
