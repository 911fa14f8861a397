/**
 * `/v1/docs/{channel}` and `/v1/docs/{channel}:{name}?token=…`: documents that a channel's members write together, by the y-websocket protocol, so
 * that an ordinary provider works (contract §3).
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { Refusal } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Told } from "../../core/ports/feed.ts";
import type { CloseName } from "../close-codes.ts";
import { type Context, submit } from "../context.ts";
import { isAllowed } from "../line-doors.ts";
import type { DocumentNews } from "../parts.ts";
import { asRefusal } from "../problem.ts";
import { refuseUpgrade } from "../refuse-upgrade.ts";
import { AnswerBudget } from "./answer-budget.ts";
import { DOCUMENTS, type DocumentName, keyOf, nameIn } from "./document-name.ts";
import { DocumentSocket } from "./document-socket.ts";
import { DocumentRoom } from "./room.ts";

export interface DocumentDoor {
  /** Takes the upgrade of a request to a document; false: it is for somebody else. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  hear(told: Told): void;
  /** Once a second. */
  check(): void;
  probe(): void;
  /** Everybody is asked to come again; resolves when what they had changed is durable. */
  leave(why: "restart" | "drain"): Promise<void>;
  close(): void;
}

/** `moving`: the region is drained, and its sockets are asked to go elsewhere. */
export function openDocumentDoor(context: Context, moving: () => boolean): DocumentDoor | undefined {
  const { documents } = context.parts;
  return documents === undefined ? undefined : new Documents(context, documents, moving);
}

type DocumentParts = NonNullable<Context["parts"]["documents"]>;

class Documents implements DocumentDoor {
  readonly #context: Context;
  readonly #documents: DocumentParts;
  readonly #moving: () => boolean;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: LIMITS.documentUpdateBytes + LIMITS.frameBytes,
    perMessageDeflate: false,
  });
  readonly #rooms = new Map<string, DocumentRoom>();
  /** A right has come by which something may have been written: all of such a document is read again, once a second however many come. */
  readonly #stale = new Set<DocumentRoom>();
  readonly #sockets = new Set<DocumentSocket>();
  readonly #budget = new AnswerBudget();
  readonly #endRelay: () => void;
  #leaving = false;

  constructor(context: Context, documents: DocumentParts, moving: () => boolean) {
    this.#context = context;
    this.#documents = documents;
    this.#moving = moving;
    this.#endRelay = documents.relay?.onNews((news) => this.#hearPeer(news)) ?? (() => {});
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://region");
    if (!pathname.startsWith(`${DOCUMENTS}/`)) return false;
    const { parts, draining } = this.#context;
    if (this.#leaving || draining() || this.#moving())
      refuseUpgrade(socket, "503 Service Unavailable", "This region takes nobody now; try the next one.");
    else if (!isAllowed(parts.allowedOrigins, request.headers.origin))
      refuseUpgrade(socket, "403 Forbidden", "Pages of this origin may not connect.");
    else
      this.#server.handleUpgrade(request, socket, head, (opened) => {
        const one = new DocumentSocket(opened, this.#context.limits);
        this.#sockets.add(one);
        one.onClose(() => this.#sockets.delete(one));
        void this.#seat(one, pathname.slice(DOCUMENTS.length + 1), searchParams.get("token") ?? "").catch((refused: unknown) =>
          this.#refuse(one, refused),
        );
      });
    return true;
  }

  hear({ channel, wire, users, silent, turned }: Told): void {
    if (this.#rooms.size === 0) return;
    for (const one of turned) this.#memberships(one.channel, [one.user]);
    if (channel === null) return;
    if (wire.kind === "document.updated") {
      const { document, update } = wire.data as { readonly document: string | null; readonly update: string };
      if (!silent) this.#rooms.get(keyOf({ channel, document }))?.hear(update);
    } else if (users.length > 0) this.#memberships(channel, users);
  }

  check(): void {
    const nowMs = this.#context.parts.now();
    for (const socket of this.#sockets) socket.check(nowMs);
    this.#budget.renew();
    for (const [key, room] of this.#rooms) {
      room.tidy();
      if (room.isEmpty) this.#forget(key, room);
      else if (this.#stale.has(room)) room.refresh();
    }
    this.#stale.clear();
    const { metrics } = this.#context.parts;
    metrics.documentSockets.set(this.#sockets.size);
    metrics.documentsOpen.set(this.#rooms.size);
  }

  probe(): void {
    for (const socket of this.#sockets) socket.probe();
  }

  async leave(why: "restart" | "drain"): Promise<void> {
    this.#leaving = true;
    const rooms = [...this.#rooms.values()];
    for (const socket of this.#sockets) socket.close(why);
    const { timers } = this.#context.parts;
    const late = new Promise<void>((later) => timers.after(this.#context.limits.drainMs, later));
    await Promise.race([Promise.all(rooms.map((room) => room.settled())), late]);
  }

  close(): void {
    this.#endRelay();
    for (const [key, room] of this.#rooms) this.#forget(key, room);
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  /** Refusals say why nobody is let in. */
  async #seat(socket: DocumentSocket, path: string, token: string): Promise<void> {
    const { parts, tokens, limits } = this.#context;
    const name = nameIn(path);
    const identity = await tokens.verify(token);
    const closed = parts.closed?.();
    if (closed !== undefined) throw closed;
    const channel = parts.reader.memberChannel(identity.actor, name.channel);
    const { user } = identity.actor;
    // Auditors may read everything, and write nothing: they are no members.
    if (!parts.reader.isMember(user, channel)) throw new Refusal("forbidden", "Only members have a channel's documents open.");
    if ([...this.#sockets].filter(({ actor }) => actor.user === user).length >= limits.connectionsPerUser)
      throw new Refusal("too-many-requests", "Too many documents are open.");
    if (!socket.isOpen) return;
    const room = this.#room({ channel, document: name.document });
    room.join(socket);
    socket.onClose(() => room.leave(socket));
    socket.seated(identity, (frame) => room.take(socket, frame));
  }

  #refuse(socket: DocumentSocket, thrown: unknown): void {
    const refusal = asRefusal(thrown, (error) => this.#context.parts.log.error({ err: error }, "a document could not be opened"));
    socket.close(CLOSES[refusal.code] ?? "forbidden");
  }

  #room(name: DocumentName): DocumentRoom {
    const key = keyOf(name);
    const known = this.#rooms.get(key);
    if (known !== undefined) return known;
    const { parts } = this.#context;
    const room: DocumentRoom = new DocumentRoom({
      ...name,
      timers: parts.timers,
      budget: this.#budget,
      newId: parts.newId,
      submit: (actor, command) => submit(this.#context, actor, { ...command, channel: parts.reader.shownChannel(name.channel) }),
      changes: () => this.#documents.source.changes(name.channel, name.document),
      tell: (awareness) => this.#documents.relay?.send(awareness === undefined ? name : { ...name, awareness }),
      failed: (why) => {
        parts.log.warn({ event: "document.refused", err: why }, "a change of a document was refused; its readers come again");
        this.#forget(key, room);
      },
    });
    this.#rooms.set(key, room);
    return room;
  }

  #forget(key: string, room: DocumentRoom): void {
    if (this.#rooms.get(key) === room) this.#rooms.delete(key);
    room.close();
  }

  #memberships(channel: string, users: readonly string[]): void {
    const { reader } = this.#context.parts;
    const gone = users.filter((user) => !reader.isMember(user, channel));
    for (const [key, room] of this.#rooms) {
      if (!key.startsWith(`${channel}:`)) continue;
      for (const seat of room.seats) if (gone.includes(seat.actor.user)) seat.close("forbidden");
      this.#stale.add(room);
    }
  }

  #hearPeer({ awareness, ...name }: DocumentNews): void {
    this.#rooms.get(keyOf(name))?.hearPeer(awareness);
  }
}

const CLOSES: { readonly [code: string]: CloseName } = {
  unauthenticated: "token",
  unavailable: "unhealthy",
  "too-many-requests": "tooMany",
  invalid: "badFrame",
};
