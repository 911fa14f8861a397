import { expect, test } from "vitest";
import type { StoredMessage } from "../../core/ports/history-store.ts";
import { packed, storedMessage } from "./rows.ts";

const version = "0199c3a4e2b1-0003-us";
const plain: StoredMessage = {
  channel: "c",
  message: "m",
  born: version,
  hidden: [],
  shown: {
    author: "ana",
    body: "Hello",
    thread: null,
    editedAt: null,
    deleted: false,
    version,
    heads: [version],
    reactions: {},
    conflict: null,
  },
};
const through = (one: StoredMessage): StoredMessage =>
  storedMessage(one.channel, `${one.born}|${one.message}`, JSON.parse(JSON.stringify(packed(one))));

test.each<readonly [string, Partial<StoredMessage["shown"]>, readonly string[]]>([
  ["plain", {}, []],
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

test("what all messages have alike is not kept", () => {
  expect(packed(plain)).toEqual({ author: "ana", body: "Hello", version });
});
