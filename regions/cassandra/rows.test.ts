import { expect, test } from "vitest";
import type { StoredMessage } from "../../core/ports/history-store.ts";
import { shownAsSent } from "../../core/ports/sent-message.test-model.ts";
import { messageState, readMessage } from "./rows.ts";
import { stateText } from "./words.ts";

const version = "0199c3a4e2b1-0003-us";
const plain: StoredMessage = {
  channel: "c",
  message: "m",
  born: version,
  hidden: [],
  shown: shownAsSent(version, "Hello"),
};
const word = { newest: version, events: 1, revision: 7 };
const through = (one: StoredMessage, under = word): StoredMessage | undefined =>
  readMessage(one.channel, `${one.born}|${one.message}`, messageState(under, one));

test.each<readonly [string, Partial<StoredMessage["shown"]>, readonly string[]]>([
  ["plain", {}, []],
  ["plain, of several lines", { body: "one\n\n{two}\n" }, []],
  ["by somebody whose name looks like JSON", { author: '{"author":' }, []],
  ["by somebody with two lines", { author: "ana\nbo" }, []],
  ["in a thread", { thread: "msg_us_x" }, []],
  ["with metadata that is null", { metadata: null }, []],
  [
    "edited from two sides",
    { editedAt: "2026-01-05T12:00:00.000Z", heads: [version, "0199c3a4e2b1-0003-us2"], conflict: { id: "cfl_x", state: "open" } },
    [],
  ],
  ["deleted", { deleted: true, body: null, heads: ["0199c3a4e2b1-0004-us"] }, []],
  ["reacted to, with versions nobody is shown", { reactions: { "👍": ["bo"] } }, [version]],
])("a message comes out as it was packed: %s", (_, shown, hidden) => {
  const one = { ...plain, shown: { ...plain.shown, ...shown }, hidden };
  expect(through(one)).toEqual(one);
});

test("a plain message is kept as it is read, two lines under its word; one that changed under another word says its version", () => {
  expect(messageState(word, plain)).toBe(`${version} 000000001 00000000000007\nana\nHello`);
  const later = { newest: "0199c3a4e2b1-0009-us", events: 2, revision: 8 };
  expect(messageState(later, plain)).toContain(`{"author":"ana","body":"Hello","version":"${version}"}`);
  expect(through(plain, later)).toEqual(plain);
});

test("a message that stands elsewhere, and one kept as JSON by an earlier version", () => {
  expect(readMessage("c", `${version}|m`, messageState(word, undefined))).toBeUndefined();
  expect(readMessage("c", `${version}|m`, stateText(word, { author: "ana", body: "Hello", version }))).toEqual(plain);
});
