/** The mesh's name server as a real process with doors that say what they are told, asked over real sockets; and the processes that answer for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import packet from "dns-packet";
import { foreignEnvironment, ownProgram } from "../mesh/own-program.ts";

interface Line {
  readonly event?: string;
  readonly port?: number;
  readonly http?: number;
  readonly pid?: number;
}

/** One region's door, which is well until it is shut. */
class Door {
  /** What keeps it from being ready, in its own words; well while there is nothing. */
  says = "";
  readonly server: Server = createServer((_, answer) => void answer.writeHead(this.says === "" ? 200 : 503).end(this.says));
  async open(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  async shut(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 60_000,
): Promise<T> {
  for (const deadline = performance.now() + withinMs; ; await pause(20)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
  }
}

export const lives = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

export class NameServerProcess {
  readonly doors = { us: new Door(), eu: new Door() };
  readonly lines: Line[] = [];
  words = "";
  port = 0;
  #http = 0;
  #directory = "";
  #child: ChildProcess | undefined;
  #steered: (steering: Readonly<Record<string, number>>) => Promise<void> = async () => {};

  get child(): ChildProcess {
    return this.#child!;
  }
  /** Where the places stand: 192.0.2.0/24 is in the middle of `us`, all else nowhere. */
  get places(): string {
    return join(this.#directory, "places");
  }

  async start(...args: readonly string[]): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), "atoll-answering-"));
    const spots = { us: { latitude: 39, longitude: -77 }, eu: { latitude: 50, longitude: 9 } };
    const regions = await Promise.all(
      (["eu", "us"] as const).map(async (name) => {
        const url = await this.doors[name].open();
        return { name, url, ws: url.replace("http", "ws"), ...spots[name] };
      }),
    );
    const topology = join(this.#directory, "topology.json");
    this.#steered = (steering) => writeFile(topology, JSON.stringify({ zone: "atoll.test", regions, steering }));
    await this.steer({ everyMs: 200, rampMs: 0 });
    await writeFile(this.places, "192.0.2.0/24,US,39,-77\n");
    const told = ["--topology", topology, "--host", "127.0.0.1", "--port", "0", "--dns-port", "0", "--geo-db", this.places, ...args];
    const { command, args: program } = ownProgram("cli/main", ["serve", "--role", "geodns", ...told]);
    this.#child = spawn(command, program, { env: { ...foreignEnvironment(process.env) }, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.child.stderr!.on("data", (data: Buffer) => {
      this.words += data.toString();
    });
    createInterface(this.child.stdout!).on("line", (line) => this.lines.push(JSON.parse(line) as Line));
    const ready = await until("it is ready, or has ended", () => this.event("geodns.ready") ?? (this.child.exitCode !== null && {}));
    this.port = ready.port ?? 0;
    this.#http = ready.http ?? 0;
  }

  /** Writes the list of regions anew, with these settings. */
  steer(steering: Readonly<Record<string, number>>): Promise<void> {
    return this.#steered(steering);
  }

  event(name: string): Line | undefined {
    return this.lines.find(({ event }) => event === name);
  }
  events(name: string): number {
    return this.lines.filter(({ event }) => event === name).length;
  }

  /** The processes that answer, by what runs as children of the first. */
  answering(): readonly number[] {
    const { pid } = this.child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    return children.filter((child) => lives(child) && readFileSync(`/proc/${child}/cmdline`, "utf8").includes("answering/main"));
  }

  /** Which region a client is sent to, asked as a resolver would: again after a while. */
  async sentTo(client?: string, tries = 20): Promise<string> {
    for (let done = 0; done < tries; done += 1) {
      const answer = await this.#ask(client);
      if (answer !== undefined) return answer;
    }
    return "nobody";
  }
  async #ask(client: string | undefined): Promise<string | undefined> {
    const socket = createSocket("udp4");
    const subnet = { code: 8, ip: client ?? "0.0.0.0", sourcePrefixLength: 24 } as const;
    const edns = { type: "OPT" as const, name: ".", udpPayloadSize: 1_232, flags: 0, options: client === undefined ? [] : [subnet] };
    const id = Math.trunc(Math.random() * 65_536);
    try {
      const query = { type: "query" as const, id, questions: [{ type: "A" as const, name: "gw.atoll.test" }], additionals: [edns] };
      socket.send(packet.encode(query as never), this.port, "127.0.0.1");
      const [bytes] = (await once(socket, "message", { signal: AbortSignal.timeout(500) })) as [Buffer];
      const [first] = packet.decode(bytes).answers ?? [];
      return first?.type === "CNAME" ? first.data.replace(".gw.atoll.test", "") : "no region";
    } catch {
      return undefined;
    } finally {
      socket.close();
    }
  }
  /** So many times at once, again and again: every process has its turn. */
  async sentToByAll(times: number): Promise<ReadonlySet<string>> {
    const regions = new Set<string>();
    for (let done = 0; done < times; done += 10)
      for (const region of await Promise.all(Array.from({ length: 10 }, () => this.sentTo()))) regions.add(region);
    return regions;
  }

  async metric(name: string, label = ""): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#http}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }
  async door(path = "/readyz?verbose"): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#http}${path}`)).text();
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, "exit");
      this.child.kill("SIGKILL");
      await gone;
    }
    await Promise.all([this.doors.us.shut(), this.doors.eu.shut()]);
    await rm(this.#directory, { recursive: true });
  }
}
