import packet from "dns-packet";
import { expect, test } from "vitest";
import { DnsCounts, datagramsIn } from "./dns-counts.ts";
import { responding } from "./respond.test-model.ts";

const query = (name: string, type: string, id = 1): Buffer =>
  packet.encode({ type: "query", id, questions: [{ type: type as "A", name }] });

test("every answer is counted by transport, type and rcode; what gets none is counted too", () => {
  const counts = new DnsCounts();
  const ask = responding({ counts });
  ask(query("gw.atoll.test", "A"));
  ask(query("gw.atoll.test", "A", 2));
  ask(query("gw.atoll.test", "AAAA"), { udp: false });
  ask(query("nobody.atoll.test", "A"));
  ask(query("example.org", "MX"));
  ask(Buffer.from("hello"));
  expect(counts.answered()).toEqual([
    { transport: "udp", type: "A", rcode: "NOERROR", count: 2 },
    { transport: "tcp", type: "AAAA", rcode: "NOERROR", count: 1 },
    { transport: "udp", type: "A", rcode: "NXDOMAIN", count: 1 },
    { transport: "udp", type: "other", rcode: "REFUSED", count: 1 },
  ]);
  expect([counts.unanswered, counts.truncated]).toEqual([1, 0]);
});

test("a flood from one network shows as truncated and dropped, alike for answers of the moment before and for new ones", () => {
  const counts = new DnsCounts();
  const ask = responding({ counts, perSecond: 2 });
  for (let i = 0; i < 10; i += 1) ask(query(i % 2 === 0 ? "gw.atoll.test" : `n${i}.atoll.test`, "A", i));
  expect(counts.limited).toEqual({ truncate: 4, drop: 4 });
  expect([counts.truncated, counts.unanswered]).toEqual([4, 4]);
});

test("what one process counted is added up in another, and counted there once", () => {
  const [there, here] = [new DnsCounts(), new DnsCounts()];
  const ask = responding({ counts: there, perSecond: 2 });
  const asked = (): void => {
    for (let i = 0; i < 6; i += 1) ask(query("gw.atoll.test", "A", i));
    ask(query("gw.atoll.test", "AAAA"), { udp: false });
  };
  asked();
  const tally = there.taken();
  expect(datagramsIn(tally)).toBe(6);
  here.add(tally);
  here.add(there.taken());
  asked();
  here.add(there.taken());
  const all = new DnsCounts();
  const again = responding({ counts: all, perSecond: 2 });
  for (let i = 0; i < 12; i += 1) again(query("gw.atoll.test", "A", i));
  for (let i = 0; i < 2; i += 1) again(query("gw.atoll.test", "AAAA"), { udp: false });
  expect(here.answered()).toEqual(all.answered());
  expect([here.truncated, here.unanswered, here.limited]).toEqual([all.truncated, all.unanswered, all.limited]);
});
