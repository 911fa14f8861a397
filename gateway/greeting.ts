/** The first seconds of a socket: hello in time, a protocol we speak, a token that holds; then it becomes somebody's connection. */
import { Refusal } from "../core/errors.ts";
import type { Timer } from "../core/ports/time.ts";
import { Connection } from "./connection.ts";
import type { Context } from "./context.ts";
import { converse } from "./conversation.ts";
import type { ClientCursor } from "./cursor.ts";
import { decodeCursor } from "./cursor.ts";
import type { Line } from "./line.ts";
import type { ClientFrame, HelloFrame } from "./protocol/frames-in.ts";
import type { Identity } from "./tokens.ts";

const PROTOCOL = 1;
/** A process that wakes so late has stood still, and reads only now what was said to it in time. */
const STOOD_STILL_MS = 500;
/** Frames that may follow hello before it is answered. */
const EARLY_FRAMES = 1_000;

export function greet(context: Context, line: Line): void {
  const { timers } = context.parts;
  const early: ClientFrame[] = [];
  let greeting = false;
  let late: Timer;
  const wait = (): void => {
    const beganMs = timers.monotonicMs();
    const lateMs = (): number => timers.monotonicMs() - beganMs - context.limits.helloMs;
    late = timers.after(context.limits.helloMs, () => (lateMs() > STOOD_STILL_MS ? wait() : line.goodbye("helloMissing")));
  };
  wait();
  line.onEnd = () => late.cancel();
  line.onFrame = (frame) => {
    if (greeting && early.length < EARLY_FRAMES) early.push(frame);
    else if (greeting) line.goodbye("badFrame", "too many frames before welcome");
    else if (frame.type !== "hello") line.bad(new Refusal("invalid", "The first frame is hello."), "id" in frame ? frame.id : undefined);
    else {
      greeting = true;
      void welcome(context, line, frame).then((connection) => {
        late.cancel();
        if (connection !== undefined) handOver(context, line, connection, early);
      });
    }
  };
}

/** From here on nothing of the greeting is kept: a connection that idles should weigh little. */
function handOver(context: Context, line: Line, connection: Connection, early: readonly ClientFrame[]): void {
  line.onFrame = conversation(context, connection);
  for (const frame of early) line.onFrame(frame);
}
const conversation = (context: Context, connection: Connection) => (frame: ClientFrame) => converse(context, connection, frame);

/** The connection, or nothing when the line has been closed instead. */
async function welcome(context: Context, line: Line, hello: HelloFrame): Promise<Connection | undefined> {
  if (hello.protocol !== PROTOCOL) return line.goodbye("protocol", `protocol ${PROTOCOL} is spoken here`) as undefined;
  const identity = await identityOf(context, line, hello.token);
  if (identity === undefined || !line.isOpen()) return undefined;
  if (context.draining()) return line.goodbye("drain") as undefined;
  const closed = context.parts.closed?.();
  if (closed !== undefined) return line.goodbye("unhealthy", closed.message) as undefined;
  const { user } = identity.actor;
  if (context.routing.ofUser(user).size >= context.limits.connectionsPerUser) return line.goodbye("tooMany") as undefined;
  const cursor = cursorOf(context, line, hello);
  if (cursor === "none of ours") return line.goodbye("badFrame", "hello's cursor is none of this mesh") as undefined;
  const connection = new Connection(context, line, identity, { cursor, seen: hello.seen, holds: hello.channels === undefined });
  connection.begin(hello.cursor ?? undefined, hello.channels ?? []);
  return connection;
}

async function identityOf({ tokens }: Context, line: Line, token: string): Promise<Identity | undefined> {
  try {
    return await tokens.verify(token);
  } catch (refused) {
    line.goodbye("token", refused instanceof Refusal ? refused.message : undefined);
    return undefined;
  }
}

function cursorOf({ parts }: Context, line: Line, { cursor }: HelloFrame): ClientCursor | undefined | "none of ours" {
  if (cursor == null) return undefined;
  try {
    return decodeCursor(cursor, parts.mesh);
  } catch (refused) {
    line.refuse(refused);
    return "none of ours";
  }
}
