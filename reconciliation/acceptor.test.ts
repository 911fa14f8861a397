/** The door under a log that answers late, or not at all (T3, H4, H14), and what an author may claim to have seen (S1, T2). */
import { expect, test } from "vitest";
import { LIMITS } from "../core/limits.ts";
import { formatStamp, stampTimeMs } from "../core/stamp.ts";
import type { Asking, Outcome } from "./acceptor.test-model.ts";
import { Door } from "./acceptor.test-model.ts";

const isDone = (outcome: Outcome): boolean => typeof outcome !== "string" && "done" in outcome;
const codeOf = (outcome: Outcome): string => (typeof outcome !== "string" && "refused" in outcome ? outcome.refused.code : "none");
const said = (outcome: Outcome): string => (typeof outcome !== "string" && "refused" in outcome ? outcome.refused.message : "");
const edit = (channel: string, message: string, body: string): Asking => ({ kind: "message.edit", channel, message, body });

test("H14: an unknown publish is answered unavailable after 5 s, a repeat joins it, and it happened once", async () => {
  const door = new Door();
  const { channel } = await door.room();
  door.log.holds = true;
  const send: Asking = { kind: "message.send", channel, body: "is anybody there?" };
  const first = door.ask("ana", send, "the-send");
  await door.time.pass(LIMITS.unknownAnswerMs - 1);
  expect(first.now).toBe("waiting");
  await door.time.pass(1);
  expect([codeOf(first.now), said(first.now)]).toEqual(["unavailable", expect.stringContaining("unknown")]);
  const again = door.ask("ana", send, "the-send");
  await door.time.pass(1_000);
  expect(again.now).toBe("waiting");
  const other = door.ask("ana", { ...send, body: "something else" }, "the-send");
  await door.time.pass(1);
  expect(codeOf(other.now)).toBe("conflict-of-command");
  door.log.answerAll();
  await door.time.pass(1);
  expect(again.now).toMatchObject({ done: { replayed: true, result: { body: "is anybody there?" } } });
  expect(door.log.events.filter(({ command }) => command === "the-send").length).toBe(1);
});

test("H4: what depends on an event in flight waits for it, what does not goes on; pipelined edits never conflict", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  door.log.holds = true;
  const edits = ["one", "two", "three"].map((body) => door.ask("ana", edit(channel, message, body)));
  const elsewhere = door.ask("eve", { kind: "message.send", channel, body: "meanwhile" });
  await door.time.pass(10);
  // The first edit is on its way to the log; the message of another author waits for nothing but the log.
  expect([door.log.unanswered, door.packer.pending]).toEqual([1, 2]);
  for (let n = 0; n < 4; n += 1) {
    door.log.answer();
    await door.time.pass(1);
  }
  expect([...edits, elsewhere].map(({ now }) => isDone(now))).toEqual([true, true, true, true]);
  const replaced = door.log.events.flatMap((event) => (event.kind === "message.edited" ? [[event.data.body, event.data.replaces]] : []));
  const stamps = door.log.events.filter(({ kind }) => kind === "message.sent" || kind === "message.edited").map(({ stamp }) => stamp);
  expect(replaced.map(([body]) => body)).toEqual(["one", "two", "three"]);
  for (const [, replaces] of replaced) expect([(replaces ?? []).length, stamps.includes(replaces?.[0] ?? "")]).toEqual([1, true]);
  expect(door.headsOf("body")).toEqual([1, 1]);
});

test("H4: of two owners who leave in the same moment one is told that nobody else is left", async () => {
  const door = new Door();
  const { channel } = await door.room();
  await door.do("ana", { kind: "member.set", channel, user: "eve", role: "owner" });
  door.log.holds = true;
  const [first, second] = [
    door.ask("ana", { kind: "member.set", channel, user: "ana", role: "member" }),
    door.ask("eve", { kind: "member.remove", channel, user: "eve" }),
  ];
  await door.time.pass(10);
  door.log.answerAll();
  await door.time.pass(10);
  door.log.answerAll();
  await door.time.pass(10);
  expect([isDone(first.now), codeOf(second.now), said(second.now)]).toEqual([true, "forbidden", expect.stringContaining("only owner")]);
});

test("L5, H14: an unknown publish holds that author's later commands on the same message; each is answered within 5 s, and what was refused never happens", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  door.log.holds = true;
  const edits = Array.from({ length: 20 }, (_, n) => door.ask("ana", edit(channel, message, `edit ${n}`), `edit-${n}`));
  await door.time.pass(LIMITS.unknownAnswerMs);
  expect(new Set(edits.map(({ now }) => codeOf(now)))).toEqual(new Set(["unavailable"]));
  expect([said(edits[0]?.now ?? "waiting"), said(edits[9]?.now ?? "waiting")]).toEqual([
    expect.stringContaining("unknown"),
    expect.stringContaining("not been accepted"),
  ]);
  door.log.answerAll();
  await door.time.pass(60_000);
  const happened = door.log.events.flatMap((event) => (event.kind === "message.edited" ? [event.data.body] : []));
  expect(happened).toEqual(["edit 0"]);
  // The author goes on: the first was done all along, the others can be asked for again.
  expect(await door.do("ana", edit(channel, message, "edit 0"), "edit-0")).toMatchObject({ body: "edit 0" });
  expect(await door.do("ana", edit(channel, message, "edit 7"), "edit-7")).toMatchObject({ body: "edit 7" });
  expect(door.headsOf("body")).toEqual([1]);
});

test("L5: commands of one author that give up leave the order of the others as it was", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  door.log.holds = true;
  const first = door.ask("ana", edit(channel, message, "first"));
  const second = door.ask("ana", edit(channel, message, "second"));
  await door.time.pass(LIMITS.unknownAnswerMs - 1_000);
  const later = ["third", "fourth"].map((body) => door.ask("ana", edit(channel, message, body)));
  await door.time.pass(2_000);
  expect([codeOf(first.now), codeOf(second.now), later.map(({ now }) => now)]).toEqual([
    "unavailable",
    "unavailable",
    ["waiting", "waiting"],
  ]);
  door.log.answerAll();
  await door.time.pass(1);
  expect(later.map(({ now }) => isDone(now))).toEqual([true, true]);
  const happened = door.log.events.flatMap((event) => (event.kind === "message.edited" ? [event.data.body] : []));
  expect(happened).toEqual(["first", "third", "fourth"]);
});

test("an author with too many commands in wait is told so at once, and only that author", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  door.log.holds = true;
  const many = Array.from({ length: LIMITS.inFlightPerAuthor + 2 }, (_, n) => door.ask("ana", edit(channel, message, `edit ${n}`)));
  const other = door.ask("eve", { kind: "message.send", channel, body: "fine" });
  await door.time.pass(1);
  expect([codeOf(many.at(-1)?.now ?? "waiting"), many[1]?.now, other.now]).toEqual(["unavailable", "waiting", "waiting"]);
  door.log.answerAll();
  await door.time.pass(1_000);
  expect([many.filter(({ now }) => isDone(now)).length >= LIMITS.inFlightPerAuthor, isDone(other.now)]).toEqual([true, true]);
});

test("T3: the send of a message of which only an edit has come is no other command: the twin is taken", async () => {
  const [us, eu] = [new Door(), new Door()];
  const { channel } = await us.room();
  await eu.time.pass(60_000);
  const sent = await us.do("ana", { kind: "message.send", channel, body: "sent twice" }, "sent-twice");
  await us.do("eve", edit(channel, String(sent["id"]), "edited"));
  for (const [n, event] of us.log.events.entries())
    if (event.command !== "sent-twice") eu.replica.apply({ position: { origin: "xx", epoch: 1, sequence: n + 1, place: 0 }, event });
  expect(await eu.do("ana", { kind: "message.send", channel, body: "sent twice" }, "sent-twice")).toMatchObject({ id: sent["id"] });
});

const seeing = (channel: string, message: string, replaces: readonly string[]): Asking =>
  ({ ...edit(channel, message, "late"), replaces }) as Asking;

test("S1: who says to have seen a version comes after it: the stamp follows what it replaces, within the bound", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  const near = formatStamp(door.time.nowMs + 3_000, 7, "eu");
  const { version } = await door.do("ana", seeing(channel, message, [near]));
  expect(String(version) > near).toBe(true);
  expect(stampTimeMs(String(version)) - stampTimeMs(near)).toBeLessThan(10);
});

test("T2: a version that nobody could have made yet is no version anybody saw: refused, and no clock moved", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  const far = formatStamp(door.time.nowMs + LIMITS.clockBoundMs + 1_000, 0, "eu");
  const asked = door.ask("ana", seeing(channel, message, [far]));
  await door.time.pass(1);
  expect([codeOf(asked.now), said(asked.now)]).toEqual(["invalid", expect.stringContaining(far)]);
  expect(stampTimeMs(door.clock.highest)).toBeLessThanOrEqual(door.time.nowMs);
});

test("S6: a version that can never come is named by nobody: an edit that waits for it for ever would win without a record", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  const forged = formatStamp(door.time.nowMs - 10_000, 0, "eu");
  const asked = async (): Promise<unknown> => {
    const one = door.ask("ana", seeing(channel, message, [forged]));
    await door.time.pass(5);
    return codeOf(one.now);
  };
  // eu is behind: it may have been made there, and seen by somebody who has come from there.
  door.completeToMs["eu"] = door.time.nowMs - 20_000;
  expect(await asked()).toBe("none");
  door.completeToMs["eu"] = door.time.nowMs;
  expect(await asked()).toBe("invalid");
});

test("T2: a version that stands here was seen, however far its region's clock is ahead", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  const [sent] = door.log.events.filter(({ kind }) => kind === "message.sent");
  const far = formatStamp(door.time.nowMs + 3_600_000, 0, "eu");
  const about = { author: "ana", born: sent?.stamp ?? "", thread: null };
  const data = { message: message.slice(-26), body: "from the future", replaces: [sent?.stamp ?? ""], about };
  const event = { ...sent, kind: "message.edited", stamp: far, command: "eu", data } as unknown as Parameters<
    typeof door.replica.apply
  >[0]["event"];
  door.replica.apply({ position: { origin: "eu", epoch: 1, sequence: 1, place: 0 }, event: { ...event, after: { us: "1.9.0" } } });
  const { version } = await door.do("ana", seeing(channel, message, [far]));
  expect(String(version) < far).toBe(true);
  expect(door.headsOf("body")).toEqual([1]);
});

test("H14: a command whose events no log message can hold is refused, and the log goes on", async () => {
  const door = new Door();
  await door.room();
  const members = Array.from({ length: LIMITS.membersAtCreation }, (_, n) => ({ user: `${n}`.padStart(64, "u"), role: "member" as const }));
  const asked = door.ask("a".repeat(64), { kind: "channel.create", name: "all of us", members }, "🦜".repeat(LIMITS.idempotencyKeyChars));
  await door.time.pass(1);
  expect(codeOf(asked.now)).toBe("too-large");
  expect((await door.do("ana", { kind: "channel.create", name: "all of us", members }, "short"))["name"]).toBe("all of us");
  for (const text of door.log.texts) expect(Buffer.byteLength(text)).toBeLessThan(1_048_576);
});

test("T3: the same is the same in whatever words: by alias, by either tag of an id, with what is left out said in full", async () => {
  const door = new Door();
  const lobby = String((await door.do("ana", { kind: "channel.create", alias: "lobby", name: "Lobby", topic: null }, "lobby"))["id"]);
  const elsewhere = (id: string): string => id.replace("_us_", "_eu_");
  const sent = await door.do("ana", { kind: "message.send", channel: "lobby", body: "Hello" }, "hello");
  const message = String(sent["id"]);
  const again: readonly Asking[] = [
    { kind: "message.send", channel: lobby, body: "Hello" },
    { kind: "message.send", channel: elsewhere(lobby), body: "Hello", thread: null },
  ];
  for (const asking of again) expect(await door.do("ana", asking, "hello")).toEqual(sent);
  const answered = await door.do("ana", { kind: "message.send", channel: lobby, body: "In a thread", thread: message }, "thread");
  const edited = await door.do("ana", edit("lobby", elsewhere(message), "Hello all"), "edit");
  expect(await door.do("ana", edit(elsewhere(lobby), message, "Hello all"), "edit")).toEqual(edited);
  expect(
    await door.do("ana", { kind: "message.send", channel: "lobby", body: "In a thread", thread: elsewhere(message) }, "thread"),
  ).toEqual(answered);
  expect(await door.do("ana", { kind: "channel.create", alias: "lobby", name: "Lobby", policy: "lww" }, "lobby")).toMatchObject({
    id: lobby,
  });
  expect(door.log.events.length).toBe(4);
});

test("T3: other words for another thing are another command", async () => {
  const door = new Door();
  const { channel, message } = await door.room();
  await door.do("ana", { kind: "channel.create", alias: "other", name: "Other" });
  await door.do("ana", { kind: "message.send", channel, body: "Hello" }, "hello");
  await door.do("ana", edit(channel, message, "x"), "edit");
  await door.do("ana", { kind: "channel.create", name: "Texts", policy: "merge" }, "texts");
  const others: readonly (readonly [Asking, string])[] = [
    [{ kind: "message.send", channel: "other", body: "Hello" }, "hello"],
    [{ kind: "message.send", channel, body: "Hello", thread: message }, "hello"],
    [{ kind: "message.send", channel, body: "Hello", metadata: null }, "hello"],
    [{ kind: "message.delete", channel, message }, "edit"],
    [{ kind: "channel.create", name: "Texts", policy: "lww" }, "texts"],
  ];
  for (const [asking, key] of others) {
    const asked = door.ask("ana", asking, key);
    await door.time.pass(10);
    expect([asking.kind, codeOf(asked.now)]).toEqual([asking.kind, "conflict-of-command"]);
  }
});
