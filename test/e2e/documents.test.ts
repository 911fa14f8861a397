/** People write one document together while a region is cut off and its process is killed: every word is kept, once, everywhere. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import { Doc } from "yjs";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import type { Person } from "./person.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;

describe.skipIf(server === undefined)("documents", () => {
  const mesh = new MeshUnderTest();
  const ends: (() => void)[] = [];
  let channel: string;
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    const ana = await mesh.person("ana");
    const made = await ana.surely(() => "us", {
      method: "POST",
      path: "/v1/channels",
      key: randomUUID(),
      body: { name: "minutes", members: ["eve"] },
    });
    channel = String(made.body["id"]);
    await mesh.settled();
  });
  afterAll(async () => {
    for (const end of ends) end();
    await mesh.remove();
  });

  /** An ordinary provider in a region: comes back by itself whenever its line breaks. */
  const open = ({ token }: Person, region: string, name = channel) => {
    const doc = new Doc();
    const options = { WebSocketPolyfill: WebSocket as never, params: { token }, disableBc: true, maxBackoffTime: 500 };
    const provider = new WebsocketProvider(`${mesh.url(region).replace("http", "ws")}/v1/docs`, name, doc, options);
    ends.push(() => {
      provider.destroy();
      doc.destroy();
    });
    return { provider, text: doc.getText("notes") };
  };
  type Opened = ReturnType<typeof open>;
  const wordsOf = ({ text }: Opened): readonly string[] => String(text).split(" ").filter(Boolean).sort();

  test("both sides of a cut, a kill -9 on one of them, a heal: every word once, the same text in every region", async () => {
    const [ana, eve] = await Promise.all(["ana", "eve"].map((user) => mesh.person(user)));
    if (ana === undefined || eve === undefined) throw new Error("nobody is here");
    const us = open(ana, "us");
    const eu = open(eve, "eu");
    await until("both are in", () => us.provider.synced && eu.provider.synced);
    const written: string[] = [];
    /** At the front, where the others write too. */
    const write = (one: Opened, name: string): void => {
      written.push(name);
      one.text.insert(0, `${name} `);
    };
    const both = async (part: string, count: number): Promise<void> => {
      for (let nth = 0; nth < count; nth += 1) {
        write(us, `ana-${part}-${nth}`);
        write(eu, `eve-${part}-${nth}`);
        await new Promise((later) => setImmediate(later));
      }
    };
    const reads = (one: Opened) => until("all words", () => wordsOf(one).length === written.length);
    await both("together", 20);
    await Promise.all([us, eu].map(reads));
    expect((await mesh.run("cut", "us")).code).toBe(0);
    await both("apart", 20);
    const there = open(ana, "us");
    await until("us reads its own words", () => wordsOf(there).includes("ana-apart-19"));
    process.kill(mesh.pid("us", "program") ?? 0, "SIGKILL");
    await both("killed", 20);
    await until("us serves again", () => mesh.ready("us"), 60_000);
    expect((await mesh.run("heal", "us")).code).toBe(0);
    await Promise.all([us, eu, there].map(reads));
    await mesh.settled();
    const late = open(eve, "ap");
    await reads(late);
    for (const one of [us, eu, there, late]) {
      expect(wordsOf(one)).toEqual([...written].sort());
      expect(String(one.text)).toBe(String(late.text));
    }
  });

  test("a document into which more was typed, and deleted again, than it may hold is open to writers, also after a kill -9", async () => {
    const [ana, eve] = await Promise.all(["ana", "eve"].map((user) => mesh.person(user)));
    if (ana === undefined || eve === undefined) throw new Error("nobody is here");
    const name = `${channel}:years`;
    const us = open(ana, "us", name);
    const eu = open(eve, "eu", name);
    await until("both are in", () => us.provider.synced && eu.provider.synced);
    const closes: number[] = [];
    for (const { provider } of [us, eu])
      provider.on("connection-close", (event) => void closes.push((event as { readonly code: number } | null)?.code ?? 0));
    const page = "x".repeat(230_000);
    for (let nth = 0; nth * page.length < 9 * 1_048_576; nth += 1) {
      us.text.insert(0, page);
      us.text.delete(0, us.text.length);
      us.text.insert(0, `page ${nth}`);
      if (nth % 4 === 0) await until(`page ${nth} in eu`, () => String(eu.text) === `page ${nth}`, 60_000);
    }
    const last = String(us.text);
    await until("all of it in eu", () => String(eu.text) === last, 60_000);
    process.kill(mesh.pid("us", "program") ?? 0, "SIGKILL");
    await until("us is gone", () => !us.provider.wsconnected);
    await until("us serves again", () => mesh.ready("us"), 60_000);
    const again = open(ana, "us", name);
    await until("us reads it", () => String(again.text) === last, 60_000);
    again.text.insert(0, "after ");
    await until("eu reads on", () => String(eu.text) === `after ${last}`, 60_000);
    expect(closes).not.toContain(4413);
    expect(String(again.text)).toBe(`after ${last}`);
  });
});
