/**
 * The public keys of whoever signs this mesh's tokens elsewhere (a JWK set behind a URL, RFC 7517). They are asked for by this region's own word
 * only, never by a token's; and who once knew them goes on with them: an identity provider out of reach, like any other partition, keeps nobody
 * out who holds a good token, also across restarts (P1).
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, errors, type JSONWebKeySet, type LocalJWKSet } from "jose";
import { Refusal } from "../core/errors.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Log, ReadyLine, TokenKeys } from "../gateway/parts.ts";

export interface TokenKeyParts {
  readonly url: string;
  /** Where they are kept for the next start. */
  readonly folder: string;
  readonly timers: Timers;
  readonly log: Log;
}

/** Keys that were withdrawn are let go of so soon; and an unknown one is asked for this seldom, whoever makes tokens up. */
const AGAIN_MS = 10 * 60_000;
const UNKNOWN_MS = 30_000;
/** Where none are known nobody gets in: they are asked for this often. */
const NONE_MS = 2_000;
const ANSWER_MS = 5_000;
const MOST_BYTES = 262_144;
const FILE = "token-keys.json";

export interface OpenTokenKeys extends TokenKeys {
  /** Resolves when they have been asked for once, well or ill. */
  readonly first: Promise<void>;
  /** A region that knows no keys lets nobody in: it is not ready. One whose provider is away is. */
  ready(): ReadyLine;
  end(): void;
}

/** Begins to ask at once. */
export function openTokenKeys(parts: TokenKeyParts): OpenTokenKeys {
  const { url, folder, timers, log } = parts;
  const file = join(folder, FILE);
  let text = "";
  let known: LocalJWKSet | undefined;
  let edition = 0;
  let asking: Promise<void> | undefined;
  let unknownMs = Number.NEGATIVE_INFINITY;
  /** Why they could not be read when they were asked for last. */
  let unread: string | undefined;

  const take = (said: string): boolean => {
    if (said === text) return false;
    known = setOf(said); // throws before anything changes
    text = said;
    edition += 1;
    return true;
  };
  try {
    take(readFileSync(file, "utf8"));
  } catch {} // none were kept, or none that can be read

  const ask = (): Promise<void> => {
    asking ??= fetchSet(url)
      .then((said) => {
        if (take(said)) keep(folder, file, said);
        unread = undefined;
      })
      .catch((error: unknown) => {
        const why = wordsOf(error);
        if (why !== unread || known !== undefined)
          log.warn(
            { event: "token-keys.unread", why, known: known !== undefined },
            "the keys of tokens could not be read; those that are known hold",
          );
        unread = why;
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  const first = ask();
  const rounds = [
    timers.every(AGAIN_MS, () => void ask()),
    timers.every(NONE_MS, () => {
      if (known === undefined) void ask();
    }),
  ];
  /** Whether a key that nobody has heard of may be asked for. */
  const mayAsk = (): boolean => {
    if (timers.monotonicMs() - unknownMs < UNKNOWN_MS) return false;
    unknownMs = timers.monotonicMs();
    return true;
  };

  return {
    edition: () => edition,
    find: async (header, token) => {
      if (known === undefined) await asking;
      if (known === undefined)
        throw new Refusal("unavailable", "The keys that tokens are signed with cannot be read yet.", { retryAfterS: 5 });
      try {
        return await known(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || (asking === undefined && !mayAsk())) throw error;
        await (asking ?? ask());
        return known(header, token);
      }
    },
    first,
    ready: () => ({
      name: "token-keys",
      ok: known !== undefined,
      detail: unread === undefined ? "as read" : `${known === undefined ? "none have been read" : "those known hold"}: ${unread}`,
    }),
    end: () => {
      for (const round of rounds) round.cancel();
    },
  };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message;
}

function setOf(text: string): LocalJWKSet {
  const set = JSON.parse(text) as JSONWebKeySet;
  if (!Array.isArray(set.keys) || set.keys.length === 0) throw new Error("it names no keys");
  return createLocalJWKSet(set);
}

async function fetchSet(url: string): Promise<string> {
  const answer = await fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (answer.status !== 200 || answer.body === null) throw new Error(`it answered ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`it answered more than ${MOST_BYTES} bytes`);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  setOf(text);
  return text;
}

/** Public keys: no secret. Whole or not at all. */
function keep(folder: string, file: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
