/**
 * Bugs planted on purpose, to prove that the simulator would find them. Each is a small edit of the program's own text, made in a copy of the
 * tree: nothing in production knows of it, and an edit that no longer fits its file fails loudly.
 */
import { PLANTED_BELOW } from "./planted-below.ts";
import { edit, type Planted } from "./planted-bug.ts";
import { PLANTED_HOOKS } from "./planted-hooks.ts";
import { PLANTED_LOGS } from "./planted-logs.ts";

const PLANTED_ABOVE: readonly Planted[] = [
  {
    name: "removal-not-in-force",
    story: "whoever is removed goes on being told",
    edits: [edit("gateway/fan-out.ts", "this.#expel(connection, channel, placed.position);", "void connection;")],
  },
  {
    name: "welcome-cursor-now",
    story: "welcome says now: what was missed is lost when the line breaks before it is given",
    edits: [
      edit(
        "gateway/connection.ts",
        "cursor: givenCursor ?? this.standing.cursor(fanOut.told),",
        "cursor: encodeCursor(plainCursor(fanOut.told)),",
      ),
      edit(
        "gateway/connection.ts",
        'import type { FrameQueue, Line } from "./line.ts";',
        'import { encodeCursor, plainCursor } from "./cursor.ts";',
      ),
    ],
  },
  {
    name: "cursor-past-an-unfinished-channel",
    story: "a live event's cursor speaks for a channel that is still being given",
    edits: [edit("gateway/standing.ts", 'stream.state === "catching" ? stream.at :', "")],
  },
  {
    name: "ghost",
    story: "a connection that has ended goes on being counted as present",
    edits: [edit("gateway/connection.ts", "parts.presence.leave(this.id);", "")],
  },
  {
    name: "catch-up-skips-a-page",
    story: "the end of a page is taken for the end of what was missed",
    edits: [
      edit("gateway/catch-up.ts", "stream.at = joinVectors(stream.at, page.cursor);", "stream.at = parts_told(told);"),
      edit(
        "gateway/catch-up.ts",
        "function withPosition(",
        "const parts_told = (told: () => Vector): Vector => told();\nfunction withPosition(",
      ),
    ],
  },
];

export const PLANTED: readonly Planted[] = [...PLANTED_BELOW, ...PLANTED_ABOVE, ...PLANTED_HOOKS, ...PLANTED_LOGS];
