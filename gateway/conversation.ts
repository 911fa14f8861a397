/** What each frame of a welcome connection does. */
import { Refusal } from "../core/errors.ts";
import { catchUp } from "./catch-up.ts";
import type { Connection } from "./connection.ts";
import type { Context } from "./context.ts";
import { submit } from "./context.ts";
import { decodeCursor } from "./cursor.ts";
import type { ClientFrame, FrameId } from "./protocol/frames-in.ts";
import { readCommand } from "./protocol/plain-frames.ts";

type FrameOf<T extends ClientFrame["type"]> = Extract<ClientFrame, { readonly type: T }>;

export function converse(context: Context, connection: Connection, frame: ClientFrame): void {
  connection.checkToken();
  if (!connection.isOpen()) return;
  const { parts, typing } = context;
  try {
    switch (frame.type) {
      case "hello":
        connection.line.bad(new Refusal("invalid", "Hello has been said."));
        break;
      case "subscribe":
        subscribe(context, connection, frame);
        break;
      case "unsubscribe":
        unsubscribe(context, connection, frame);
        break;
      case "command":
        void command(context, connection, frame);
        break;
      case "presence":
        connection.announce(frame.status);
        break;
      case "typing":
        typing.type(connection, parts.reader.memberChannel(connection.actor, frame.channel));
        break;
      case "ping":
        connection.send({ type: "pong", at: new Date(parts.now()).toISOString() });
        break;
      case "token":
        renew(context, connection, frame).catch((refused: unknown) => connection.line.refuse(refused, frame.id));
    }
  } catch (refused) {
    connection.line.refuse(refused, "id" in frame ? frame.id : undefined);
  }
}

const reply = (connection: Connection, id: FrameId, result: unknown): void => connection.send({ type: "reply", id, ok: true, result });

/** The reply, then what was missed, then what happens: all through one queue. Asked for again, a catch-up under way says itself when it is whole. */
function subscribe(
  { catchUp: parts, fanOut, parts: { mesh } }: Context,
  connection: Connection,
  { id, channel, cursor }: FrameOf<"subscribe">,
): void {
  const { shown, stream, begins } = connection.follow(channel, cursor == null ? undefined : decodeCursor(cursor, mesh));
  reply(connection, id, { channel: shown });
  if (begins) catchUp(parts, connection, stream);
  else if (stream.state === "live") connection.send({ type: "caught-up", channel: shown, cursor: connection.standing.cursor(fanOut.told) });
}

function unsubscribe({ parts }: Context, connection: Connection, { id, channel }: FrameOf<"unsubscribe">): void {
  connection.unfollow(parts.reader.memberChannel(connection.actor, channel));
  reply(connection, id, {});
}

async function command(context: Context, connection: Connection, { id, command: asked }: FrameOf<"command">): Promise<void> {
  const { line } = connection;
  const tooMany = line.inFlight >= context.limits.commandsInFlight;
  const answered = line.began();
  try {
    if (context.draining() || line.leaving)
      throw new Refusal("unavailable", "This gateway is going away; send it again to the next region.", { retryAfterS: 1 });
    if (tooMany) throw new Refusal("too-many-requests", "Too many commands wait for their answer on this connection.", { retryAfterS: 1 });
    reply(connection, id, await accept(context, connection, asked));
  } catch (refused) {
    line.refuse(refused, id);
  } finally {
    answered();
  }
}

async function accept(context: Context, connection: Connection, asked: unknown): Promise<unknown> {
  const parsed = readCommand(asked);
  const { seen } = connection;
  connection.seen = undefined;
  const { result } = await submit(
    context,
    connection.actor,
    seen === undefined || parsed.seen !== undefined ? parsed : { ...parsed, seen },
  );
  return result;
}

async function renew({ tokens }: Context, connection: Connection, { id, token }: FrameOf<"token">): Promise<void> {
  connection.renew(await tokens.verify(token));
  reply(connection, id, {});
}
