/**
 * A person's client: connected to one region, following the channels its user is in, saving the cursor of every frame; when the line breaks
 * or the person moves it resumes with that, anywhere. What it was given is what the checkers of streams look at.
 *
 * A cursor speaks for the channels followed when it came; a channel that could not be followed yet keeps its own.
 */
import { identityIn } from "../../core/ids.ts";
import type { Conflict, WireEvent } from "../../core/objects.ts";
import { encodeCursor, plainCursor } from "../../gateway/cursor.ts";
import type { ServerFrameText, Wire } from "./gateway.ts";
import type { Mesh } from "./mesh.ts";
import type { Random } from "./random.ts";

export interface Given {
  readonly event: WireEvent;
  readonly region: string;
  /** Which life of the region. */
  readonly boots: number;
  readonly atMs: number;
}

const WAY_MS = 12;
const AGAIN_MS = 300;
const BEGINNING = "";

export class Client {
  readonly user: string;
  readonly given: Given[] = [];
  /** What was read at once when a channel was new to the client. */
  readonly loaded: WireEvent[] = [];
  /** Conflicts the user was told to have lost in, on this connection. */
  readonly superseded = new Map<string, unknown>();
  readonly #mesh: Mesh;
  readonly #random: Random;
  readonly #where: () => string;
  /** Channel -> the cursor that speaks for it. */
  readonly #cursors = new Map<string, string>();
  readonly #following = new Set<string>();
  #cursor: string | undefined;
  #wire: Wire | undefined;
  #connection = 0;
  #calls = 0;
  #boots = 0;
  readonly #catching = new Set<string>();
  /** Where it is connected. */
  region: string | undefined;

  constructor(mesh: Mesh, user: string, random: Random, where: () => string) {
    this.#mesh = mesh;
    this.user = user;
    this.#random = random;
    this.#where = where;
  }

  get calm(): boolean {
    return this.region !== undefined && this.#catching.size === 0;
  }

  get waitsFor(): string {
    return this.region === undefined ? "a connection" : [...this.#catching].join(" ");
  }

  /** Connects to the region its person is at, or to the next that answers. */
  connect(): void {
    if (this.#wire !== undefined) return;
    const { regions } = this.#mesh;
    const at = regions.indexOf(this.#where());
    const order = regions.map((_, index) => regions[(at + index) % regions.length] ?? "");
    const region = order.find((name) => this.#mesh.machine(name).serving !== undefined);
    const gateway = region === undefined ? undefined : this.#mesh.gateway(region);
    if (region === undefined || gateway === undefined) {
      this.#later(AGAIN_MS);
      return;
    }
    const mine = ++this.#connection;
    this.region = region;
    this.#boots = this.#mesh.machine(region).boots;
    this.#following.clear();
    this.#catching.clear();
    this.superseded.clear();
    const named = [...this.#cursors].filter(([, cursor]) => cursor === this.#cursor).map(([channel]) => channel);
    this.#mesh.history.note(`CONNECT ${this.user} ${region} with ${named.length} of ${this.#cursors.size} channels`);
    for (const channel of named) {
      this.#following.add(channel);
      this.#catching.add(channel);
    }
    this.#wire = gateway.connect({ user: this.user, cursor: this.#cursor, channels: named }, (frame) => {
      const sentMs = this.#mesh.scheduler.nowMs;
      this.#mesh.scheduler.after(WAY_MS, () => {
        if (mine === this.#connection) this.#hear(frame, region, sentMs);
      });
    });
    this.#subscribeRest();
  }

  /** Notices that the process at the other end is gone, or that the person has moved. */
  look(): void {
    if (this.region === undefined) return;
    const machine = this.#mesh.machine(this.region);
    if (machine.life === undefined || machine.boots !== this.#boots) this.drop();
  }

  /** The line breaks; what is on its way is lost. */
  drop(backMs: number = this.#random.between(20, AGAIN_MS)): void {
    this.#connection += 1;
    this.region = undefined;
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.drop();
    this.#later(backMs);
  }

  /** Channels that the user is in, as far as the client knows, and that are not followed yet. */
  #subscribeRest(): void {
    for (const [channel, cursor] of this.#cursors) if (!this.#following.has(channel)) this.#subscribe(channel, cursor);
  }

  /** A channel that is new to the client is loaded first, as an app does; the cursor of that answer goes with the subscription. */
  #subscribe(channel: string, known: string): void {
    this.#catching.add(channel);
    const cursor = known === BEGINNING ? this.#load(channel) : known;
    if (cursor === undefined) this.#refused(channel);
    else this.#say({ type: "subscribe", id: `${++this.#calls} ${channel}`, channel, cursor });
  }

  #load(channel: string): string | undefined {
    const reader = this.region === undefined ? undefined : this.#mesh.machine(this.region).serving?.reader;
    const identity = identityIn("channel", channel) ?? "";
    if (reader === undefined || !reader.isMember(this.user, identity)) return undefined;
    const to = reader.applied();
    for (const event of reader.missed(this.user, { channels: [identity], own: false, from: {}, to, limit: 10_000 }).items)
      this.loaded.push(event);
    return encodeCursor(plainCursor(to));
  }

  #say(frame: Parameters<Wire["say"]>[0]): void {
    this.#wire?.say(frame);
  }

  #hear(frame: ServerFrameText, region: string, sentMs: number): void {
    const followed = [...this.#following];
    if (frame.type === "event") this.#take(frame["event"] as WireEvent, region, sentMs);
    if (frame.type === "events") for (const event of frame["items"] as readonly WireEvent[]) this.#take(event, region, sentMs);
    if (frame.type === "reply") this.#replied(frame);
    if (frame.type === "error" && typeof frame["channel"] === "string") this.#refused(nameOf(frame["channel"]));
    if (frame.type === "caught-up") this.#catching.delete(nameOf(String(frame["channel"])));
    if (frame.type === "conflict") this.#decided(frame["conflict"] as Conflict, region);
    if (frame.type === "superseded") {
      const conflict = frame["conflict"] as { readonly id: string };
      this.superseded.set(conflict.id, conflict);
    }
    if (typeof frame["cursor"] === "string") this.#save(frame["cursor"], followed);
    if (frame.type === "goodbye") this.drop();
  }

  /** A verdict makes or unmakes a member without an event. */
  #decided({ register: { kind, channel, field } }: Conflict, region: string): void {
    if (kind === "member" && field === this.user) this.#membership(nameOf(channel), region, kind);
  }

  /** What a frame brings of a channel is behind its cursor, also when it brings that the user was removed from it (once, or now). */
  #save(cursor: string, followed: readonly string[]): void {
    this.#cursor = cursor;
    for (const channel of followed) this.#cursors.set(channel, cursor);
  }

  #take(event: WireEvent, region: string, atMs: number): void {
    this.given.push({ event, region, boots: this.#boots, atMs });
    const { channel, data } = event;
    const concernsMe =
      event.kind === "channel.created" ? event.actor === this.user : event.kind.startsWith("member.") && data["user"] === this.user;
    if (channel === null || !concernsMe) return;
    // In what was missed it is past: whoever is a member again is still followed.
    if (event.kind === "member.removed" && !this.#catching.has(nameOf(channel))) this.#following.delete(nameOf(channel));
    this.#membership(nameOf(channel), region, event.kind);
  }

  /** Something about the user's membership came: what it is now is asked, as an app lists its channels. */
  #membership(channel: string, region: string, kind: string): void {
    const isMember = this.#mesh.machine(region).serving?.reader.isMember(this.user, identityIn("channel", channel) ?? "");
    if (isMember === false) {
      if (kind !== "member.removed") {
        // Removed since: until that is told too, what comes of the channel comes with a cursor that speaks for it. Or what it stands on is not here yet.
        if (!this.#following.has(channel)) this.#askLater(channel);
        return;
      }
      this.#following.delete(channel);
      this.#catching.delete(channel); // what they were being given ends with their membership
    } else if (!this.#following.has(channel)) {
      if (!this.#cursors.has(channel)) this.#cursors.set(channel, BEGINNING);
      this.#subscribe(channel, this.#cursors.get(channel) ?? BEGINNING);
    }
  }

  #replied(frame: ServerFrameText): void {
    const channel = String(frame["id"]).split(" ")[1] ?? "";
    if (frame["ok"] === true) this.#following.add(channel);
    else this.#refused(channel);
  }

  #askLater(channel: string): void {
    if (!this.#cursors.has(channel)) this.#cursors.set(channel, BEGINNING);
    this.#refused(channel);
  }

  /** Not a member here (yet): ask again when something about the membership comes, or a little later. */
  #refused(channel: string): void {
    this.#following.delete(channel);
    this.#catching.delete(channel);
    const mine = this.#connection;
    this.#mesh.scheduler.after(2_000, () => {
      const known = this.#cursors.get(channel);
      if (mine === this.#connection && known !== undefined && !this.#following.has(channel)) this.#subscribe(channel, known);
    });
  }

  #later(delayMs: number): void {
    const mine = this.#connection;
    this.#mesh.scheduler.after(delayMs, () => {
      if (mine === this.#connection) this.connect();
    });
  }
}

/** Twins of a creation show one channel by two ids; both are found. The client knows it by one. */
const nameOf = (shown: string): string => `chn_any_${identityIn("channel", shown) ?? ""}`;
