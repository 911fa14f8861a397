import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import packet, { type DecodedPacket } from "dns-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GeoDns, openGeoDns } from "./dns-server.ts";
import type { GeoRegion, RegionHealth } from "./region.ts";
import { type Asked, optOf, query, rcodeOf } from "./respond.test-model.ts";

/** What dns-packet calls the types that it knows by number only. */
const HTTPS = "UNKNOWN_65";
const regions: readonly GeoRegion[] = [
  { name: "us", url: "http://127.0.0.1:8800" },
  { name: "eu", url: "https://[2001:db8::2]/" },
  { name: "ap", url: "https://gateway.ap.example" },
  { name: "sa", url: "https://sa.example:444", addresses: ["192.0.2.1", "2001:db8::1"] },
];
const ill = new Map<string, RegionHealth>();
const off = (...names: readonly string[]) => {
  ill.clear();
  for (const name of names) ill.set(name, { state: "down", why: "no answer", settled: true, share: 0, shed: 0 });
};
let dns: GeoDns;
beforeAll(async () => {
  dns = await openGeoDns({
    port: 0,
    zone: "atoll.test",
    customers: ["acme"],
    world: () => ({ regions, health: ill }),
    locate: () => undefined,
    secret: "a secret for tests only",
    nowMs: Date.now,
  });
});
afterAll(() => dns.close());

async function exchange(bytes: Buffer): Promise<Buffer> {
  const socket = createSocket("udp4");
  try {
    socket.send(bytes, dns.port, "127.0.0.1");
    const [answer] = (await once(socket, "message", { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    return answer;
  } finally {
    socket.close();
  }
}
const ask = async (what: Asked = {}) => packet.decode(await exchange(query(what)));
const lines = (records: DecodedPacket["answers"]) =>
  (records ?? []).map((record) =>
    `${record.name} ${record.type} ${"data" in record && typeof record.data === "string" ? record.data : ""}`.trim(),
  );
const subnetOf = (answer: DecodedPacket) =>
  optOf(answer)?.options.find(({ code }) => code === 8) as
    | { scopePrefixLength: number; sourcePrefixLength: number; ip: string }
    | undefined;

describe("the steered name", () => {
  test("is a CNAME to the first region, with its address in the same answer and its port beside", async () => {
    off();
    const answer = await ask();
    expect([rcodeOf(answer), answer.flag_aa, answer.flag_rd, answer.id]).toEqual(["NOERROR", true, true, 7]);
    expect(lines(answer.answers)).toEqual(["gw.atoll.test CNAME us.gw.atoll.test", "us.gw.atoll.test A 127.0.0.1"]);
    expect(lines(answer.additionals)).toEqual([`us.gw.atoll.test ${HTTPS}`]);
  });
  test("follows the health of the regions; a region with a host name leads on to it", async () => {
    off("us");
    expect(lines((await ask({ type: "AAAA" })).answers)).toEqual([
      "gw.atoll.test CNAME eu.gw.atoll.test",
      "eu.gw.atoll.test AAAA 2001:db8::2",
    ]);
    off("us", "eu");
    expect(lines((await ask()).answers)).toEqual(["gw.atoll.test CNAME ap.gw.atoll.test", "ap.gw.atoll.test CNAME gateway.ap.example"]);
    off("us", "eu", "ap", "sa");
    expect(lines((await ask()).answers)[0]).toBe("gw.atoll.test CNAME us.gw.atoll.test");
    off();
  });
  test("keeps the case in which it was asked", async () => {
    const answer = await ask({ name: "gW.AtOLL.test" });
    expect([answer.questions?.[0]?.name, answer.answers?.[0]?.name]).toEqual(["gW.AtOLL.test", "gW.AtOLL.test"]);
  });
  test("says the port in HTTPS records", async () => {
    const answer = await ask({ type: HTTPS });
    const record = answer.answers?.at(-1) as unknown as { name: string; data: Buffer };
    expect([record.name, record.data.toString("hex")]).toEqual(["us.gw.atoll.test", `0001000003${"0002"}${(8800).toString(16)}`]);
    expect(lines(answer.additionals)).toEqual(["us.gw.atoll.test A 127.0.0.1"]);
  });
  test("has no address of another family: the CNAME, and the SOA that says for how long", async () => {
    const answer = await ask({ type: "AAAA" });
    expect(lines(answer.answers)).toEqual(["gw.atoll.test CNAME us.gw.atoll.test"]);
    expect(lines(answer.authorities)).toEqual(["atoll.test SOA"]);
  });
});

describe("the rest of the zone", () => {
  test("a region's own name is never steered", async () => {
    off("eu");
    const answer = await ask({ name: "eu.gw.atoll.test", type: "AAAA" });
    expect(lines(answer.answers)).toEqual(["eu.gw.atoll.test AAAA 2001:db8::2"]);
    off();
  });
  test.each([
    ["atoll.test", "SOA", "NOERROR", ["atoll.test SOA"], []],
    ["atoll.test", "NS", "NOERROR", ["atoll.test NS ns1.atoll.test"], []],
    ["ns1.atoll.test", "A", "NOERROR", ["ns1.atoll.test A 127.0.0.1"], []],
    ["atoll.test", "A", "NOERROR", [], ["atoll.test SOA"]],
    ["us.gw.atoll.test", "TXT", "NOERROR", [], ["atoll.test SOA"]],
    ["af.gw.atoll.test", "A", "NXDOMAIN", [], ["atoll.test SOA"]],
    ["x.us.gw.atoll.test", "A", "NXDOMAIN", [], ["atoll.test SOA"]],
    ["sa.gw.atoll.test", "A", "NOERROR", ["sa.gw.atoll.test A 192.0.2.1"], []],
    ["sa.gw.atoll.test", "AAAA", "NOERROR", ["sa.gw.atoll.test AAAA 2001:db8::1"], []],
    ["us.gw.atoll.test", "ANY", "NOERROR", ["us.gw.atoll.test A 127.0.0.1"], []],
    ["gw.atoll.test", "ANY", "NOERROR", ["gw.atoll.test CNAME us.gw.atoll.test"], []],
    ["atoll.test", "ANY", "NOERROR", ["atoll.test SOA"], []],
    ["acme.atoll.test", "CNAME", "NOERROR", ["acme.atoll.test CNAME gw.atoll.test"], []],
    [
      "acme.atoll.test",
      "A",
      "NOERROR",
      ["acme.atoll.test CNAME gw.atoll.test", "gw.atoll.test CNAME us.gw.atoll.test", "us.gw.atoll.test A 127.0.0.1"],
      [],
    ],
    ["bcme.atoll.test", "A", "NXDOMAIN", [], ["atoll.test SOA"]],
    ["_atoll.gw.atoll.test", "A", "NOERROR", [], ["atoll.test SOA"]],
    ["notatoll.test", "A", "REFUSED", [], []],
    ["example.com", "A", "REFUSED", [], []],
    [".", "NS", "REFUSED", [], []],
    ["atoll.test", "AXFR", "REFUSED", [], []],
  ])("%s %s: %s", async (name, type, rcode, answers, authorities) => {
    const answer = await ask({ name, type });
    expect([rcodeOf(answer), lines(answer.answers), lines(answer.authorities)]).toEqual([rcode, answers, authorities]);
    expect(answer.flag_aa).toBe(rcode !== "REFUSED");
  });
});

describe("EDNS", () => {
  test("a client's subnet comes back with the scope; without one there is none in the answer", async () => {
    expect(subnetOf(await ask({ subnet: { ip: "192.0.2.0", bits: 24 } }))).toMatchObject({
      ip: "192.0.2.0",
      sourcePrefixLength: 24,
      scopePrefixLength: 0,
    });
    expect(subnetOf(await ask({ subnet: { ip: "2001:db8::", bits: 32 } }))).toMatchObject({ sourcePrefixLength: 32 });
    const plain = await ask({ edns: 1_232 });
    expect([optOf(plain)?.udpPayloadSize, subnetOf(plain)]).toEqual([1_232, undefined]);
    expect(optOf(await ask())).toBeUndefined();
  });
  test("a subnet that contradicts itself is FORMERR", async () => {
    const broken = query({ subnet: { ip: "192.0.2.0", bits: 24 } });
    // The scope of a query must be zero; it is the fourth byte of the option, before three of address.
    broken.writeUInt8(24, broken.length - 4);
    expect(rcodeOf(packet.decode(await exchange(broken)))).toBe("FORMERR");
    expect(rcodeOf(await ask({ subnet: { ip: "192.0.16.0", bits: 20 } }))).toBe("NOERROR");
    expect(rcodeOf(await ask({ subnet: { ip: "192.0.31.0", bits: 20 } }))).toBe("FORMERR");
  });
  test("another version of EDNS is BADVERS, another operation NOTIMP", async () => {
    const later = query({ edns: 1_232 });
    // OPT: root name, type, size, extended rcode, then the version.
    later.writeUInt8(1, later.length - 5);
    const answer = packet.decode(await exchange(later));
    expect([rcodeOf(answer), optOf(answer)?.extendedRcode]).toEqual(["NOERROR", 1]);
    const update = query({});
    update.writeUInt16BE(5 << 11, 2);
    expect(rcodeOf(packet.decode(await exchange(update)))).toBe("NOTIMP");
  });
});

describe("TCP", () => {
  /** Sends pieces one after the other and reads until so many answers are here. */
  async function converse(pieces: readonly Buffer[], count: number): Promise<readonly DecodedPacket[]> {
    const socket = connect(dns.port, "127.0.0.1");
    socket.setNoDelay(true);
    await once(socket, "connect");
    const answers: DecodedPacket[] = [];
    let heard = Buffer.alloc(0);
    const done = new Promise<void>((resolve, reject) => {
      socket.once("close", () => reject(new Error("closed")));
      socket.on("data", (data) => {
        heard = Buffer.concat([heard, data]);
        while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0)) {
          const end = 2 + heard.readUInt16BE(0);
          answers.push(packet.decode(heard.subarray(2, end)));
          heard = heard.subarray(end);
        }
        if (answers.length >= count) resolve();
      });
    });
    for (const piece of pieces) await new Promise((sent) => socket.write(piece, sent));
    await done.finally(() => socket.destroy());
    return answers;
  }
  const framed = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);

  test("several questions at once, and one in single bytes, are all answered in order", async () => {
    const both = Buffer.concat([framed(query({ id: 1 })), framed(query({ id: 2, name: "eu.gw.atoll.test", type: "AAAA" }))]);
    const bytes = [...framed(query({ id: 3 }))].map((byte) => Buffer.from([byte]));
    const answers = await converse([both, ...bytes], 3);
    expect(answers.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(lines(answers[0]!.answers)).toEqual(["gw.atoll.test CNAME us.gw.atoll.test", "us.gw.atoll.test A 127.0.0.1"]);
  });
  test("who sends garbage is let go; others are served on", async () => {
    await expect(converse([Buffer.from([0, 3, 1, 2, 3])], 1)).rejects.toThrow("closed");
    expect(await converse([framed(query({}))], 1)).toHaveLength(1);
  });
});

test("answers, and packets that are no queries, are not answered; the next query is", async () => {
  const socket = createSocket("udp4");
  for (const size of [1, 11, 12, 600]) socket.send(Buffer.alloc(size, 0xc0), dns.port, "127.0.0.1");
  expect(rcodeOf(await ask())).toBe("NOERROR");
  socket.close();
});
