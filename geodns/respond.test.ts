import packet, { type DecodedPacket } from "dns-packet";
import { describe, expect, test } from "vitest";
import { randomOf } from "../test/simulation/random.ts";
import type { RegionHealth } from "./region.ts";
import { checkAnswer, malformed, optOf, query, rcodeOf, responding, THREE } from "./respond.test-model.ts";
import type { World } from "./steering.ts";
import { readQuery } from "./wire/query.ts";

const say = responding();
const decoded = (answer: Buffer | undefined): DecodedPacket => packet.decode(answer!);
const long = "a".repeat(60);

describe("what does not fit", () => {
  const far = responding({
    zone: `${long}.${long}.${long}.test`,
    regions: [{ name: "us", url: `https://${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(50)}.example` }],
  });
  const name = `gw.${long}.${long}.${long}.test`;
  test("TCP gives it whole", () => {
    expect(decoded(far(query({ name }), { udp: false }))).toMatchObject({
      flag_tc: false,
      answers: [{ type: "CNAME" }, { type: "CNAME" }],
    });
  });
  test("first what is only courtesy is left out, then all, with the flag that says: ask by TCP", () => {
    const many = responding({
      regions: [{ name: "us", url: "https://x:8443", addresses: Array.from({ length: 28 }, (_, i) => `192.0.2.${i + 1}`) }],
    });
    const name = "acme.atoll.test";
    const cut = decoded(many(query({ name })));
    expect([cut.flag_tc, cut.answers, cut.additionals]).toEqual([true, [], []]);
    const whole = decoded(many(query({ name }), { udp: false }));
    expect([whole.answers?.length, whole.additionals?.length]).toEqual([30, 1]);
  });
  test.each([
    [undefined, 512],
    [100, 512],
    [600, 600],
    [4_096, 1_232],
    [65_535, 1_232],
  ])("a client that takes %s bytes is never given more than %s, though it has shown where it is", (edns, most) => {
    for (let addresses = 1; addresses < 120; addresses += 3) {
      const one = responding({
        regions: [{ name: "us", url: "https://x", addresses: Array.from({ length: addresses }, (_, i) => `192.0.2.${i + 1}`) }],
      });
      const first = edns === undefined ? one(query())! : one(query({ edns, cookie: Buffer.alloc(8, 1) }))!;
      const cookie = optOf(decoded(first))?.options.find(({ code }) => Number(code) === 10) as { readonly data: Buffer } | undefined;
      const answer = one(edns === undefined ? query() : query({ edns, cookie: cookie!.data }))!;
      expect(answer.length).toBeLessThanOrEqual(most);
      expect(decoded(answer).flag_tc).toBe(decoded(answer).answers!.length === 0);
    }
  });
});

test("all regions stand in one list, ranked, each with its port", () => {
  const health = new Map([["us", { state: "down", why: "no answer", settled: true, share: 0, shed: 0 } as const]]);
  const message = query({ name: "_atoll.gw.atoll.test", type: "UNKNOWN_64" });
  const { answers } = decoded(responding({ health })(message, { udp: false }));
  const listed = (answers as unknown as { readonly data: Buffer }[]).map(
    ({ data }) => `${data.readUInt16BE(0)} ${data.toString("latin1", 3, 3 + data[2]!)} ${data.readUInt16BE(data.length - 2)}`,
  );
  expect(listed).toEqual(["1 eu 443", "2 ap 444", "3 us 8800"]);
  expect(decoded(responding({ health })(message)).flag_tc).toBe(true);
});

describe("nobody is made to shout at others", () => {
  const names = [
    "gw.atoll.test",
    "us.gw.atoll.test",
    "eu.gw.atoll.test",
    "ap.gw.atoll.test",
    "acme.atoll.test",
    "_atoll.gw.atoll.test",
    "atoll.test",
    "ns1.atoll.test",
    "x.atoll.test",
    "a.example",
  ];
  const types = ["A", "AAAA", "UNKNOWN_65", "UNKNOWN_64", "SOA", "NS", "ANY", "TXT", "CNAME"];
  const asked = names.flatMap((name) =>
    types.flatMap((type) => [
      { name, type },
      { name, type, edns: 4_096 },
      { name, type, subnet: { ip: "192.0.2.0", bits: 24 } },
    ]),
  );
  test("an answer by UDP has at most twice the bytes of its question, as packets", () => {
    for (const one of asked) checkAnswer(query(one), say(query(one)), true);
  });
  test("yet what resolvers ask for is answered whole, not sent to TCP", () => {
    const whole = [
      {},
      { type: "AAAA" },
      { type: "UNKNOWN_65", edns: 1_232 },
      { edns: 1_232 },
      { type: "AAAA", edns: 1_232 },
      { subnet: { ip: "192.0.2.0", bits: 24 } },
      { name: "x.atoll.test" },
      { name: "us.gw.atoll.test" },
    ];
    for (const one of whole) expect(decoded(say(query(one))).flag_tc, JSON.stringify(one)).toBe(false);
  });
  test("a flood in somebody's name is answered up to the rate, then in as many bytes as it had or not at all", () => {
    let nowMs = 0;
    const limited = responding({ perSecond: 100, nowMs: () => nowMs });
    const message = query({ edns: 4_096 });
    let whole = 0;
    let bytes = 0;
    for (let i = 0; i < 20_000; i += 1) {
      nowMs = i / 10;
      const answer = limited(message, { from: `198.51.100.${i % 256}` });
      bytes += answer === undefined ? 0 : answer.length + 28;
      if (answer !== undefined && !decoded(answer).flag_tc) whole += 1;
    }
    expect(whole).toBeLessThanOrEqual(301);
    expect(bytes / (20_000 * (message.length + 28))).toBeLessThan(1);
    expect(decoded(limited(message, { from: "203.0.113.1" })).flag_tc).toBe(false);
    expect(decoded(limited(message, { from: "198.51.100.1", udp: false })).flag_tc).toBe(false);
  });
});

describe("cookies", () => {
  const cookieOf = (answer: Buffer | undefined): Buffer =>
    (optOf(decoded(answer))!.options.find(({ code }) => Number(code) === 10) as unknown as { readonly data: Buffer }).data;
  test("who gives back what it was given is answered beyond the rate; from elsewhere, later or changed it is not", () => {
    let nowMs = 1_000_000_000;
    const limited = responding({ perSecond: 1, nowMs: () => nowMs });
    const cookie = cookieOf(limited(query({ cookie: Buffer.alloc(8, 7) })));
    expect([cookie.length, cookie.subarray(0, 8)]).toEqual([24, Buffer.alloc(8, 7)]);
    const whole = (one: Buffer, from = "198.51.100.7") => {
      const answer = limited(query({ cookie: one }), { from });
      return answer !== undefined && !decoded(answer).flag_tc;
    };
    expect(Array.from({ length: 20 }, () => whole(cookie)).every(Boolean)).toBe(true);
    const changed = Buffer.from(cookie);
    changed[20] = changed[20]! ^ 1;
    expect(Array.from({ length: 5 }, () => whole(changed)).some(Boolean)).toBe(false);
    whole(cookie, "198.51.100.8");
    expect(Array.from({ length: 5 }, () => whole(cookie, "198.51.100.8")).some(Boolean)).toBe(false);
    nowMs += 2 * 3_600_000;
    whole(cookie);
    expect(Array.from({ length: 5 }, () => whole(cookie)).some(Boolean)).toBe(false);
  });
  test("one of another length is FORMERR", () => {
    for (const length of [0, 7, 9, 15, 41]) expect(rcodeOf(decoded(say(query({ cookie: Buffer.alloc(length, 1) }))))).toBe("FORMERR");
  });
});

describe("what cannot be read", () => {
  test("a name that points to itself, labels beyond the end, names that are too long: FORMERR in twelve bytes", () => {
    const head = (rest: readonly number[], counts: readonly number[] = [0, 1, 0, 0, 0, 0, 0, 0]) =>
      Buffer.from([0, 7, 1, 0, ...counts, ...rest]);
    const broken = [
      head([0xc0, 12, 0, 1, 0, 1]),
      head([63, 1, 2, 3]),
      head([...Array.from({ length: 130 }, () => [1, 97]).flat(), 0, 0, 1, 0, 1]),
      head([2, 103, 119, 0, 0, 1]),
      head([0, 0, 1, 0, 1], [0, 1, 0, 0, 0, 0, 255, 255]),
      head([0, 0, 1, 0, 1, 0xc0], [0, 1, 0, 0, 0, 0, 0, 1]),
      head([], [0, 0, 0, 0, 0, 0, 0, 0]),
      head([0, 0, 1, 0, 1, 0, 0, 1, 0, 1], [0, 2, 0, 0, 0, 0, 0, 0]),
    ];
    for (const bytes of broken) expect(say(bytes)?.toString("hex"), bytes.toString("hex")).toBe("000781010000000000000000");
  });
  test("two OPT records are FORMERR", () => {
    const twice = query({ edns: 1_232 });
    const two = Buffer.concat([twice, twice.subarray(-11)]);
    two.writeUInt16BE(2, 10);
    expect(rcodeOf(decoded(say(two)))).toBe("FORMERR");
  });
  test("names with bytes that are no letters are not ours, and come back as they came", () => {
    const strange = query({ name: "abc.atoll.test" });
    strange[13] = 0xff;
    strange[14] = 0;
    const answer = say(strange)!;
    expect([answer[3]! & 15, answer.subarray(12, 32)]).toEqual([3, strange.subarray(12, 32)]);
  });
  test("20,000 malformed packets: no crash, no answer larger than allowed (seed 1; a million: npm run fuzz:dns)", () => {
    const random = randomOf(1).next;
    let answered = 0;
    for (let i = 0; i < 20_000; i += 1) {
      const message = malformed(random);
      const udp = random() < 0.8;
      const answer = say(message, { udp });
      checkAnswer(message, answer, udp);
      if (answer !== undefined) answered += 1;
    }
    expect(answered).toBeGreaterThan(5_000);
  });
  test("whatever another codec reads as a query of one question is read alike here", () => {
    const random = randomOf(2).next;
    let compared = 0;
    for (let i = 0; i < 20_000; i += 1) {
      const message = malformed(random);
      const ours = readQuery(message);
      if (typeof ours === "string") continue;
      let theirs: DecodedPacket;
      try {
        theirs = packet.decode(message);
      } catch {
        continue;
      }
      const [question] = theirs.questions ?? [];
      const labels: string[] = [];
      for (let at = 0; ours.name.charCodeAt(at) !== 0; at += 1 + ours.name.charCodeAt(at))
        labels.push(ours.name.slice(at + 1, at + 1 + ours.name.charCodeAt(at)));
      const name = labels.join(".");
      if (!/^[\x21-\x7e]*$/.test(name)) continue;
      expect(question?.name.toLowerCase().replace(/^\.$/, "")).toBe(name);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(5_000);
  });
});

describe("answers that are given again", () => {
  const subnet = { ip: "192.0.2.0", bits: 24 };
  test("carry the new id, and follow the world at once", () => {
    const health = new Map<string, RegionHealth>();
    let world: World = { regions: THREE, health };
    const one = responding({ world: () => world });
    const first = (id: number): string => {
      const { answers, id: given } = decoded(one(query({ id, subnet })));
      return `${given} ${(answers![0] as unknown as { readonly data: string }).data}`;
    };
    expect([first(1), first(2), first(3)]).toEqual(["1 us.gw.atoll.test", "2 us.gw.atoll.test", "3 us.gw.atoll.test"]);
    world = { regions: THREE, health: new Map([["us", { state: "down", why: "no answer", settled: true, share: 0, shed: 0 }]]) };
    expect(first(4)).toBe("4 eu.gw.atoll.test");
  });
  test("keep to the rate like all others", () => {
    const limited = responding({ perSecond: 3 });
    const kinds = Array.from({ length: 8 }, () => {
      const answer = limited(query({ subnet }));
      return answer === undefined ? "none" : decoded(answer).flag_tc ? "cut" : "whole";
    });
    expect(kinds).toEqual(["whole", "whole", "whole", "cut", "none", "cut", "none", "cut"]);
  });
  test("without a subnet hang on who asks: a place near ap is sent there though another was answered before", () => {
    const locate = (address: Uint8Array) => ({
      bits: 24,
      ...(address[0] === 203 ? { latitude: 1, longitude: 103 } : { latitude: 39, longitude: -77 }),
    });
    const regions = THREE.map((region, i) => ({ ...region, latitude: [39, 50, 1][i]!, longitude: [-77, 9, 103][i]! }));
    const one = responding({ locate, regions });
    const target = (from: string) => (decoded(one(query(), { from })).answers![0] as unknown as { readonly data: string }).data;
    expect([target("198.51.100.7"), target("203.0.113.7"), target("198.51.100.7")]).toEqual([
      "us.gw.atoll.test",
      "ap.gw.atoll.test",
      "us.gw.atoll.test",
    ]);
  });
});
