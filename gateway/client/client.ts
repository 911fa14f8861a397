/** Somebody's client: one line to the mesh, wherever it leads just now, and what can be said and heard over it. */
import type { Message, Presence, Sync, Watermark, WireEvent } from "../../core/objects.ts";
import { greaterStamp } from "../../core/stamp.ts";
import type { Asked, AskedOnce } from "./asked.ts";
import { Author } from "./author.ts";
import { ChannelView, type ViewOptions } from "./channel-view.ts";
import { CommandQueue, type QueueLimits } from "./command-queue.ts";
import type { AskedCommand, AskedKind, Asking } from "./commands.ts";
import { Connection, type ConnectionState } from "./connection.ts";
import { AtollError, refusalFrom } from "./errors.ts";
import { Follows } from "./follows.ts";
import { eventsIn, type HeardFrame, type HeardOf } from "./frames.ts";
import type { Happenings } from "./happenings.ts";
import { Heard } from "./heard.ts";
import { Http } from "./http.ts";
import { KeptCommands, type Outbox } from "./kept-commands.ts";
import { Listeners } from "./listeners.ts";
import type { RegionList } from "./region-list.ts";
import { Replication } from "./replication.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Tokens } from "./tokens.ts";
import type { Inside, ViewParts } from "./view-parts.ts";

export interface ClientParts {
  readonly surroundings: Surroundings;
  readonly regions: RegionList;
  readonly tokens: Tokens;
  readonly limits: QueueLimits;
  readonly cursor: string | undefined;
  readonly outbox: Outbox | undefined;
  /** What the program calls itself. */
  readonly name: string;
}

export class Client extends Author {
  readonly #parts: ClientParts;
  readonly #listeners = new Listeners<Inside>();
  readonly #presence = new Map<string, Presence>();
  #views: readonly ChannelView[] = [];
  readonly #heard = new Heard();
  readonly #connection: Connection;
  readonly #follows: Follows;
  readonly #queue: CommandQueue;
  readonly #kept: KeptCommands;
  readonly #replication: Replication;
  readonly #http: Http;
  #seen: string | undefined;
  #user: string | undefined;
  #sync: Sync | undefined;
  #status: "online" | "away" = "online";

  constructor(parts: ClientParts) {
    super();
    const { surroundings, regions, tokens, limits, outbox } = parts;
    this.#parts = parts;
    this.#connection = new Connection({
      ...{ surroundings, regions, tokens },
      onToken: () => void this.#kept.recall(this.user),
      hello: () => ({ ...this.#follows.hello(), client: parts.name, ...(this.#seen === undefined ? {} : { seen: this.#seen }) }),
      onState: (state) => {
        if (state.is === "closed") this.#ended(state.why);
        this.#listeners.tell("state", state);
      },
      onWelcome: (welcome) => this.#welcomed(welcome),
      onFrame: (frame) => this.#hear(frame),
      onBroken: () => {
        this.#follows.broken();
        this.#queue.broken();
      },
      onError: (error) => this.#listeners.tell("error", error),
    });
    const ask: Connection["ask"] = (frame, answered) => this.#connection.ask(frame, answered);
    this.#follows = new Follows({ surroundings, ask, isOnline: () => this.#connection.isOnline, user: () => this.user }, parts.cursor);
    this.#queue = new CommandQueue({
      ...{ surroundings, limits, ask },
      region: () => this.region,
      waitsForEarlier: outbox !== undefined,
      added: (asked) => {
        this.#kept.added();
        this.#listeners.tell("asked", asked);
      },
      moveOn: (why) => this.#connection.moveOn(why),
      changed: (asked) => {
        if (asked.state.is === "accepted") {
          this.#know(asked.result as { readonly version?: string });
          this.#replication.accepted(asked);
        }
        this.#kept.answered();
        this.#listeners.tell("command", asked);
      },
    });
    this.#kept = new KeptCommands({
      ...{ surroundings, outbox },
      unanswered: () => this.unanswered.map(({ command, askedMs }) => ({ command, askedMs })),
      restore: (kept) => this.#queue.restore(kept),
      onError: (error) => this.#listeners.tell("error", error),
    });
    this.#http = new Http({ surroundings, tokens, regions: () => regions.fromHere() });
    this.#replication = new Replication({ surroundings, askRegion: (region, channel) => this.#watermarkOf(region, channel) });
    this.#connection.open();
  }

  /** Where the line stands. */
  get state(): ConnectionState {
    return this.#connection.state;
  }
  /** Name of the region that has taken us in; undefined while none has. */
  get region(): string | undefined {
    return this.state.is === "online" ? this.state.region : undefined;
  }
  /** Who the token says we are; undefined before there is one. */
  get user(): string | undefined {
    return this.#user ?? this.#parts.tokens.user();
  }
  /** Everything before it has been told: give it to `connect` to go on where this client ends, in any region. */
  get cursor(): string | undefined {
    return this.#follows.cursor;
  }
  /** What the region said last of its links. */
  get sync(): Sync | undefined {
    return this.#sync;
  }
  /** What earlier clients of the user had left in the outbox, once it has been read: it waits for an answer again. */
  get restored(): Promise<readonly Asked[]> {
    return this.#kept.restored;
  }
  /** Commands without an answer, in the order in which they were given. */
  get unanswered(): readonly Asked[] {
    return this.#queue.unanswered;
  }
  get waiting(): number {
    return this.unanswered.length;
  }

  /** Returns what ends the listening. */
  on<Name extends keyof Happenings>(name: Name, listener: (what: Happenings[Name]) => void): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Resolves once a region has taken us in; rejects when the client is closed first. */
  online(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (state: ConnectionState): void => {
        if (state.is === "online") resolve();
        else if (state.is === "closed") reject(state.why);
        else return;
        end();
      };
      const end = this.on("state", look);
      look(this.state);
    });
  }

  /** Goes to a region by its name, by hand; it comes back there first when the line breaks. AtollError `options` for a name nobody has told. */
  move(region: string): void {
    this.#parts.regions.choose(region);
    this.#connection.open();
  }
  /** The network is back: does not wait for the next try. */
  reconnectNow(): void {
    if (this.state.is === "waiting") this.#connection.open();
  }

  /** Ends the line for good. What nobody has answered ends as `unknown` or `not-sent`; what is in the outbox stays there for the next client. */
  close(): void {
    this.#connection.close(new AtollError("closed", "The client was closed."));
  }

  /** What was missed since the cursor comes first (default: where the client stands). Resolves with the channel's shown id; rejects with a refusal. */
  follow(channel: string, cursor?: string): Promise<string> {
    return this.#follows.follow(channel, cursor);
  }
  unfollow(channel: string): void {
    this.#follows.unfollow(channel);
  }

  /** The channel as a person sees it, which follows it. A channel has one view at a time: the same is given again until it is closed. */
  channel(channel: string, options: ViewOptions = {}): ChannelView {
    const open = this.#views.find((view) => view.isOf(channel));
    if (open !== undefined) return open;
    const view = new ChannelView(this.#viewParts(), channel, options);
    this.#views = [...this.#views, view];
    return view;
  }

  /** Any command. `id`: to give one again that an earlier client had sent; by default it gets a fresh one. */
  command<Kind extends AskedKind>(asking: Asking<Kind>, { id = this.#parts.surroundings.newId() } = {}): Asked<Kind> {
    if (this.state.is === "closed") throw this.state.why;
    const asked = this.#queue.add({ id, ...asking } as AskedCommand);
    return asked as unknown as Asked<Kind>;
  }

  /** How the user is, from now on and at every connect. */
  setPresence(status: "online" | "away"): void {
    this.#status = status;
    if (this.#connection.isOnline) this.#connection.say({ type: "presence", status });
  }
  /** The user types; say it again every few seconds. Lost without harm. */
  typing(channel: string): void {
    if (this.#connection.isOnline) this.#connection.say({ type: "typing", channel });
  }

  /** GET: asked of this region first, then of the others. Path from "/v1/". */
  read<Answer>(path: string): Promise<Answer> {
    return this.#http.call<Answer>({ method: "GET", path });
  }
  /** The losing text comes back as a new edit that names the conflict. */
  restore(conflict: string, version: string): Promise<Message> {
    return this.#write<Message>(`/v1/conflicts/${conflict}/restore`, { version });
  }
  /** The person concerned has seen that they lost, and is not told again. */
  async seen(conflict: string): Promise<void> {
    await this.#write(`/v1/conflicts/${conflict}/seen`, {});
  }

  #write<Answer>(path: string, body: object): Promise<Answer> {
    return this.#http.call<Answer>({ method: "POST", path, body, key: this.#parts.surroundings.newId() });
  }

  #viewParts(): ViewParts {
    const { timers } = this.#parts.surroundings;
    return {
      ...{ timers, user: () => this.user, read: (path) => this.read(path), follow: (channel, cursor) => this.follow(channel, cursor) },
      on: (name, listener) => this.#listeners.on(name, listener),
      isCaughtUp: (channel) => this.#follows.isCaughtUp(channel),
      unanswered: () => this.unanswered,
      answerOf: (asked) => (asked as AskedOnce).result,
      presenceOf: (user) => this.#presence.get(user),
      present: (users, there) => {
        for (const user of users) this.#presence.delete(user);
        this.#present(there);
      },
      closed: (view, channel) => {
        this.#views = this.#views.filter((one) => one !== view);
        this.unfollow(channel);
      },
    };
  }

  #ended(why: AtollError): void {
    for (const view of this.#views) view.close();
    this.#follows.close(why);
    this.#kept.close();
    this.#queue.close();
    this.#replication.close();
  }

  async #watermarkOf(region: string, channel: string): Promise<Watermark | undefined> {
    const url = this.#parts.regions.urlOf(region);
    if (url === undefined) return undefined;
    return this.#http.callAt<Watermark>(url, { method: "GET", path: `/v1/channels/${channel}/sync` }).catch(() => undefined);
  }

  #welcomed({ user, sync, cursor }: HeardOf<"welcome">): void {
    this.#user = user;
    void this.#kept.recall(user);
    this.#follows.begin(cursor);
    if (this.#status === "away") this.setPresence("away");
    this.#tellSync(sync);
    this.#follows.welcomed();
    this.#queue.welcomed();
  }

  #hear(frame: HeardFrame): void {
    for (const event of eventsIn(frame)) this.#take(event);
    this.#follows.hear(frame); // the cursor speaks for what has been told
    if (frame.type === "sync") this.#tellSync(frame.sync);
    else if (frame.type === "watermark") {
      this.#replication.watermark(this.region ?? "", frame);
      this.#listeners.tell("watermark", frame);
    } else if (frame.type === "presence") {
      this.#present(frame.items);
      this.#listeners.tell("presence", frame.items);
    } else if (frame.type === "typing") this.#listeners.tell("typing", frame);
    else if (frame.type === "conflict" || frame.type === "superseded") this.#listeners.tell(frame.type, frame.conflict);
    else if (frame.type === "gap") this.#listeners.tell("gap", frame.gaps);
    else if (frame.type === "caught-up") this.#listeners.tell("caught-up", frame);
    else if (frame.type === "error") this.#listeners.tell("error", refusalFrom(frame));
  }

  #take(event: WireEvent): void {
    this.#seen = this.#seen === undefined ? event.stamp : greaterStamp(this.#seen, event.stamp);
    if (event.actor === this.user) this.#replication.heard(event);
    if (event.kind.startsWith("member.")) this.#follows.membership(event);
    this.#listeners.tell("every", event);
    if (this.#heard.isNew(event)) this.#listeners.tell("event", event);
  }

  #know({ version }: { readonly version?: string }): void {
    if (version !== undefined) this.#seen = this.#seen === undefined ? version : greaterStamp(this.#seen, version);
  }
  #present(items: readonly Presence[]): void {
    for (const presence of items) this.#presence.set(presence.user, presence);
  }
  #tellSync(sync: Sync): void {
    this.#sync = sync;
    this.#listeners.tell("sync", sync);
  }
}
