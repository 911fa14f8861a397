/** The questions of `verify` and their answers (H7), as they go between regions. Answers of peers are checked like everything from outside (A4). */
import type { VectorText } from "../core/position.ts";
import { vector } from "./event-shape.ts";
import type { Check } from "./shape.ts";
import { fields, listOf, mapOf, nullable, oneOf, optional, pattern, text, whole, yesOrNo } from "./shape.ts";
import type { RootMode } from "./verify-root.ts";

interface OfSession {
  /** Names one barrier; only who opened it may ask on. */
  readonly session: string;
}
export interface VerifyQuestions {
  /** Freezes gates and own appends. `busy`: another barrier stands. */
  readonly hold: { readonly ask: OfSession; readonly answer: { readonly applied: VectorText | null } };
  /** Lets exactly this much pass, then opens one read transaction and ends the hold. */
  readonly advance: {
    readonly ask: OfSession & { readonly vector: VectorText };
    readonly answer: { readonly reached: boolean; readonly quarantined: number };
  };
  /** Reads on for a while; asked again until `root` is there. `read`: rows so far. */
  readonly root: {
    readonly ask: OfSession & { readonly mode: RootMode; readonly channel?: string };
    readonly answer: { readonly root: RootWords | null; readonly read: number };
  };
  /** [name, sum, proof] of each bucket after `after`. */
  readonly buckets: { readonly ask: OfSession & { readonly after: string }; readonly answer: Page<readonly [string, string, string]> };
  /** [key, proof] of each register of a bucket after `after`. */
  readonly registers: {
    readonly ask: OfSession & { readonly bucket: string; readonly after: string };
    readonly answer: Page<readonly [string, string]>;
  };
  readonly values: {
    readonly ask: OfSession & { readonly keys: readonly string[] };
    readonly answer: { readonly values: { readonly [key: string]: unknown } };
  };
  /** Ends the barrier. `equal`: what came of comparing all regions, where it was the whole state. */
  readonly release: { readonly ask: OfSession & { readonly equal?: boolean }; readonly answer: Record<string, never> };
}
export interface RootWords {
  readonly digest: string;
  readonly proof: string;
  readonly events: number;
}
export interface Page<T> {
  readonly items: readonly T[];
  readonly more: boolean;
  /** Where the next page goes on: this has been looked at. */
  readonly upTo: string;
}
export type Question = keyof VerifyQuestions;
export type Ask<Q extends Question> = VerifyQuestions[Q]["ask"];
export type Answer<Q extends Question> = VerifyQuestions[Q]["answer"];

export const QUESTIONS: readonly Question[] = ["hold", "advance", "root", "buckets", "registers", "values", "release"];
/** What a question is called on the link. */
export const linkName = (question: Question): string => `verify-${question}`;

/** Items of one page: well below what one message of the link holds. */
export const PAGE = 1_000;
export const VALUES = 20;

const session = pattern(/^[A-Za-z0-9_.-]{1,160}$/, "session");
const key = text(0, 512);
const hash = pattern(/^[0-9a-f]{64}$/, "digest");
const anything: Check = () => undefined;

const ASKS: { readonly [Q in Question]: Check } = {
  hold: fields<Ask<"hold">>({ session }),
  advance: fields<Ask<"advance">>({ session, vector }),
  root: fields<Ask<"root">>({ session, mode: oneOf("full", "light"), channel: optional(key) }),
  buckets: fields<Ask<"buckets">>({ session, after: key }),
  registers: fields<Ask<"registers">>({ session, bucket: key, after: key }),
  values: fields<Ask<"values">>({ session, keys: listOf(key, VALUES) }),
  release: fields<Ask<"release">>({ session, equal: optional(yesOrNo) }),
};
const pageOf = (item: Check): Check => fields<Page<unknown>>({ items: listOf(item, PAGE), more: yesOrNo, upTo: key }, "ignored");
const ANSWERS: { readonly [Q in Question]: Check } = {
  hold: fields<Answer<"hold">>({ applied: nullable(vector) }, "ignored"),
  advance: fields<Answer<"advance">>({ reached: yesOrNo, quarantined: whole() }, "ignored"),
  root: fields<Answer<"root">>(
    { root: nullable(fields<RootWords>({ digest: hash, proof: hash, events: whole() }, "ignored")), read: whole() },
    "ignored",
  ),
  buckets: pageOf(listOf(key, 3)),
  registers: pageOf(listOf(key, 2)),
  values: fields<Answer<"values">>({ values: mapOf(key, anything, VALUES) }, "ignored"),
  release: fields<Answer<"release">>({}, "ignored"),
};

class Malformed extends Error {}

function read(check: Check, raw: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new Malformed("is no JSON");
  }
  const wrong = check(value);
  if (wrong !== undefined) throw new Malformed(wrong);
  return value;
}
export const readAsk = <Q extends Question>(question: Q, raw: string): Ask<Q> => read(ASKS[question], raw) as Ask<Q>;
export const readAnswer = <Q extends Question>(question: Q, raw: string): Answer<Q> => read(ANSWERS[question], raw) as Answer<Q>;
