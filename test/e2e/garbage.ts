/** Publishes into a region's own log stream as if its gateway had done so: with its own credentials, past every check of its program. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../core/event.ts";
import { identityOf } from "../../core/identity.ts";
import { formatStamp } from "../../core/stamp.ts";
import { connectRegion } from "../../regions/nats/connection.ts";
import { readLog } from "../../regions/nats/event-log.ts";
import { logStream, logSubject } from "../../regions/nats/names.ts";
import type { MeshUnderTest } from "./atoll.ts";

export interface Forger {
  /** One log message of exactly these bytes; resolves when the log holds it. */
  publish(payload: string | Uint8Array): Promise<void>;
  /** The last event in the log. */
  lastEvent(): Promise<Event>;
  close(): Promise<void>;
}

function access(mesh: MeshUnderTest, region: string): { readonly url: string; readonly user: string; readonly password: string } {
  const text = readFileSync(join(mesh.data, region, "jetstream.conf"), "utf8");
  const [, listen = ""] = /^listen: "(.+)"$/m.exec(text) ?? [];
  const [, user = "", password = ""] = /user: (\w+), password: "(\w+)"/.exec(text) ?? [];
  return { url: `nats://${listen}`, user, password };
}

const EPOCH = 1;

export async function openForger(mesh: MeshUnderTest, region: string): Promise<Forger> {
  const connection = await connectRegion({ region, ...access(mesh, region), name: "forger" });
  return {
    publish: async (payload) => {
      const answer = await connection.nats.request(logSubject(region, EPOCH), payload, { timeout: 5_000 });
      if (answer.json<{ readonly seq?: number }>().seq === undefined) throw new Error(`refused: ${answer.string()}`);
    },
    lastEvent: async () => {
      let last: Event | undefined;
      for await (const { text } of readLog({ connection, stream: logStream(region, EPOCH), after: 0, closed: () => false }))
        last = (JSON.parse(text) as Event[]).at(-1) ?? last;
      if (last === undefined) throw new Error("the log is empty");
      return last;
    },
    close: () => connection.close(),
  };
}

/** A message that its region might have accepted, made of one that it has. */
export function saidLike(event: Event, body: string): Event {
  if (event.kind !== "message.sent") throw new Error(`made of a ${event.kind}`);
  const command = `forged-${body}`;
  const stamp = formatStamp(Date.now(), 0, "us");
  return { ...event, stamp, command, data: { ...event.data, body, message: identityOf("message", event.actor, command) } };
}

/** Log messages that are none, and how many entries of quarantine each makes. */
export function malformed(
  real: Event,
): readonly { readonly what: string; readonly payload: string | Uint8Array; readonly entries: number }[] {
  const one = (what: string, event: unknown): { readonly what: string; readonly payload: string; readonly entries: number } => ({
    what,
    payload: JSON.stringify([event]),
    entries: 1,
  });
  return [
    { what: "nothing", payload: "", entries: 1 },
    { what: "no JSON", payload: "garbage", entries: 1 },
    { what: "half a message", payload: JSON.stringify([real]).slice(0, 200), entries: 1 },
    { what: "bytes that are no text", payload: Uint8Array.from([0xff, 0xfe, 0x00, 0x80]), entries: 1 },
    { what: "no list", payload: JSON.stringify(real), entries: 1 },
    { what: "an empty list", payload: "[]", entries: 1 },
    { what: "three things that are no events", payload: '[1,null,"x"]', entries: 3 },
    { what: "half a megabyte", payload: `["${"x".repeat(500_000)}"]`, entries: 1 },
    { what: "a deep nest", payload: `${"[".repeat(20_000)}${"]".repeat(20_000)}`, entries: 1 },
    { what: "__proto__", payload: '[{"__proto__":{"v":1}}]', entries: 1 },
    one("an envelope of a later version", { ...real, v: 2 }),
    one("rules of a later version", { ...real, rules: 99 }),
    one("a kind of a later version", { ...real, kind: "message.pinned" }),
    one("a field of a later version", { ...real, urgent: true }),
    one("another region's stamp", { ...real, stamp: real.stamp.replace(/us$/, "eu") }),
    one("a stamp beyond the year 9999", { ...real, stamp: "ffffffffffff-0000-us" }),
    one("somebody else's message", { ...real, command: "another" }),
    one("a text too long", { ...real, data: { ...real.data, body: "x".repeat(20_000) } }),
    one("control characters", { ...real, data: { ...real.data, body: "a\u0000b" } }),
  ];
}
