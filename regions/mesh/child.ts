/**
 * One child process of the mesh: kept alive until it is told otherwise, in a process group of its own, so that a terminal's Ctrl-C
 * reaches the supervisor alone and servers do not stop before the drain (hard parts H10).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { takenIn, takeWord } from "../hand-over.ts";

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Output is appended here. */
  readonly logFile: string;
  /** Our own programs hold a channel to the supervisor: its end tells them that the supervisor is gone. */
  readonly channel: boolean;
  /** What mends a program of ours that dies of its own memory again and again while it starts, as one does whose store on disk is damaged. */
  readonly ifDamaged?: string;
  /** What it says over the channel. */
  readonly onMessage?: (message: unknown) => void;
}
export interface ChildHooks {
  readonly joined: (pid: number) => void;
  readonly left: (pid: number) => void;
  /** Something worth a line on the terminal: it crashed, it is started again. */
  readonly tell: (line: string) => void;
}
export interface Child {
  start(): void;
  /** Asks it to end, waits, then makes it. It stays ended until `start`. */
  stop(graceMs: number): Promise<void>;
  /** kill -9; it stays dead until `start`. */
  kill(): Promise<void>;
  /** Whether the process that runs now has said this over its channel. */
  said(word: string): boolean;
  /** Hands over a connection; false when nobody is there to take it. What was not taken when the process dies is ended. */
  hand(connection: Socket): boolean;
  /** Connections that it was handed and has not taken yet. */
  readonly handing: number;
  readonly running: boolean;
  /** Why it cannot run at all (wrong configuration), as its log says; then it is not tried again. */
  readonly hopeless: string | undefined;
}

const BACKOFF_FIRST_MS = 100;
const BACKOFF_LAST_MS = 10_000;
/** Who lived this long did not fail at start: the next crash is a new story. */
const SETTLED_MS = 10_000;
/** Exit code of our own programs for what no restart mends. */
const USAGE = 2;
const OWN_MEMORY: readonly string[] = ["SIGBUS", "SIGSEGV"];
/** Once may be chance. */
const DAMAGED_TIMES = 3;

/** What a person was to read; where it said nothing but lines for programs, the last of those. */
function lastWords(logFile: string): string {
  try {
    const lines = readFileSync(logFile, "utf8").trim().split("\n").slice(-3);
    const plain = lines.filter((line) => line !== "" && !line.startsWith("{")).map((line) => line.replace(/^atoll: /, ""));
    return (plain.length > 0 ? plain : lines).join(" / ").slice(-600);
  } catch {
    return "no log";
  }
}

/** On a full disk it runs without a log rather than not at all. */
function openLog(path: string): number | "ignore" {
  try {
    return openSync(path, "a", 0o600);
  } catch {
    return "ignore";
  }
}

export function openChild(spec: ChildSpec, hooks: ChildHooks): Child {
  let child: ChildProcess | undefined;
  let wanted = false;
  let hopeless: string | undefined;
  let backoffMs = BACKOFF_FIRST_MS;
  let damaged = 0;
  let restart: NodeJS.Timeout | undefined;
  let gone: Promise<void> = Promise.resolve();
  /** Connections that were handed over and are not taken yet. */
  const handing = new Map<number, Socket>();
  let handed = 0;
  /** Our end only: who has taken it goes on with theirs. */
  const letGo = (nth: number): void => {
    handing.get(nth)?.destroy();
    handing.delete(nth);
  };
  const said = new Set<string>();

  const launch = (): void => {
    const log = openLog(spec.logFile);
    const startedMs = performance.now();
    const started = spawn(spec.command, spec.args, {
      env: { ...spec.environment },
      detached: true,
      stdio: spec.channel ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
    });
    if (typeof log === "number") closeSync(log);
    child = started;
    started.on("message", (message) => {
      if (typeof message === "string") said.add(message);
      const taken = takenIn(message);
      if (taken !== undefined) letGo(taken);
      spec.onMessage?.(message);
    });
    const { pid } = started;
    if (pid !== undefined) hooks.joined(pid);
    gone = new Promise((done) => {
      let told = false;
      const ended = (how: string, code: number | null): void => {
        if (told) return;
        told = true;
        if (pid !== undefined) hooks.left(pid);
        child = undefined;
        for (const nth of [...handing.keys()]) letGo(nth);
        said.clear();
        done();
        if (!wanted) return;
        const settled = performance.now() - startedMs > SETTLED_MS;
        damaged = !settled && OWN_MEMORY.includes(how) ? damaged + 1 : 0;
        if (spec.channel && code === USAGE) hopeless = lastWords(spec.logFile);
        else if (spec.ifDamaged !== undefined && damaged >= DAMAGED_TIMES)
          hopeless = `it died of ${how} ${damaged} times while it started, as with a damaged store: ${spec.ifDamaged}`;
        if (hopeless !== undefined) {
          wanted = false;
          hooks.tell(`${spec.name} cannot run: ${hopeless}`);
          return;
        }
        if (settled) backoffMs = BACKOFF_FIRST_MS;
        hooks.tell(`${spec.name} ended (${how}); starting it again in ${backoffMs} ms`);
        restart = setTimeout(launch, backoffMs);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_LAST_MS);
      };
      started.once("error", (error) => ended(error.message, null));
      started.once("exit", (code, signal) => ended(signal ?? `exit ${code}`, code));
    });
  };
  const send = (signal: NodeJS.Signals): void => {
    child?.kill(signal);
  };
  const unwant = (): void => {
    wanted = false;
    clearTimeout(restart);
  };

  return {
    start: () => {
      if (wanted) return;
      wanted = true;
      hopeless = undefined;
      damaged = 0;
      backoffMs = BACKOFF_FIRST_MS;
      launch();
    },
    stop: async (graceMs) => {
      unwant();
      send("SIGTERM");
      const late = new AbortController();
      await Promise.race([gone, pause(graceMs, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
      send("SIGKILL");
      await gone;
    },
    kill: async () => {
      unwant();
      send("SIGKILL");
      await gone;
    },
    said: (word) => said.has(word),
    hand: (connection) => {
      if (child?.connected !== true) return false;
      const nth = ++handed;
      handing.set(nth, connection);
      child.send(takeWord(nth), connection, { keepOpen: true }, (error) => {
        if (error !== null) letGo(nth);
      });
      return true;
    },
    get handing() {
      return handing.size;
    },
    get running() {
      return child !== undefined;
    },
    get hopeless() {
      return hopeless;
    },
  };
}
