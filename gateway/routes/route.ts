/** A call of the HTTP contract, declared once: from it come the handler, the 405, and the description in OpenAPI. */
import { z } from "zod";
import type { Actor, Command } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import type { Context } from "../context.ts";
import { submit } from "../context.ts";
import { parse } from "../protocol/parse.ts";
import { anyId, emoji, plainId } from "../protocol/text.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** What arrived, checked as JSON and text but against no schema yet. */
export interface RawAsk {
  readonly context: Context;
  /** Somebody with no rights at all where no token is needed. */
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The command's id: the Idempotency-Key, or a fresh one. */
  readonly key: string;
  readonly ip: string | undefined;
}
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Route {
  readonly method: Method;
  /** With `{param}` as in OpenAPI. */
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly bodyOptional?: boolean;
  readonly answer: z.ZodType;
  readonly status: number;
  readonly isWrite: boolean;
  /** An Idempotency-Key counts: what is asked under the same one is the same. Every write's does. */
  readonly isKeyed: boolean;
  /** About the mesh, not about anybody's data: answered also while the region fills its store again. */
  readonly ofMesh?: boolean;
  readonly run: (ask: RawAsk) => Promise<Answer>;
}

type ParamNames<P extends string> = P extends `${string}{${infer N}}${infer Rest}` ? N | ParamNames<Rest> : never;
export interface Ask<P extends string, Q, B> extends Omit<RawAsk, "params" | "query" | "body"> {
  readonly params: Readonly<Record<ParamNames<P>, string>>;
  readonly query: Q;
  readonly body: B;
}

/** Path parameters. An id that cannot be one names nothing: 404; a person or emoji that cannot be one is wrong input. */
export const PARAMS: Readonly<Record<string, { readonly schema: z.ZodType<string>; readonly absent?: string }>> = {
  channel: { schema: anyId, absent: "There is no such channel." },
  message: { schema: anyId, absent: "There is no such message." },
  webhook: { schema: anyId, absent: "There is no such webhook." },
  conflict: { schema: anyId, absent: "There is no such conflict." },
  user: { schema: plainId },
  emoji: { schema: emoji },
};

export interface Declared<P extends string, Q extends z.ZodObject, B extends z.ZodType> {
  readonly path: P;
  readonly group: string;
  readonly summary: string;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyOptional?: boolean;
  readonly answer: z.ZodType;
  readonly ofMesh?: boolean;
}
type AskOf<P extends string, Q extends z.ZodObject, B extends z.ZodType> = Ask<P, z.output<Q>, z.output<B>>;

/** A call that is no command of the log. Its key is there only for who is `isKeyed`, so that none is used which OpenAPI does not name. */
export function read<P extends string, Q extends z.ZodObject, B extends z.ZodType, K extends boolean = false>(
  declared: Declared<P, Q, B> & {
    readonly method?: Method;
    readonly isKeyed?: K;
    readonly run: (ask: K extends true ? AskOf<P, Q, B> : Omit<AskOf<P, Q, B>, "key">) => unknown;
  },
): Route {
  const { run, method = "get", isKeyed = false, ...rest } = declared;
  const answer = async (raw: RawAsk): Promise<Answer> => ({ status: 200, body: await run(checked(declared, raw)) });
  return { ...rest, method, status: 200, isWrite: false, isKeyed, run: answer };
}

/** A call that is one command. */
export function write<P extends string, Q extends z.ZodObject, B extends z.ZodType>(
  declared: Declared<P, Q, B> & {
    readonly method: Method;
    readonly status?: 200 | 201;
    readonly command: (ask: AskOf<P, Q, B>) => Command;
  },
): Route {
  const { command, status = 200, ...rest } = declared;
  const run = async (raw: RawAsk): Promise<Answer> => {
    const { result, replayed } = await submit(raw.context, raw.actor, command(checked(declared, raw)));
    return { status, body: result ?? {}, ...(replayed ? { headers: { "idempotent-replayed": "true" } } : {}) };
  };
  return { ...rest, status, isWrite: true, isKeyed: true, run };
}

function checked<P extends string, Q extends z.ZodObject, B extends z.ZodType>(
  { query, body }: Declared<P, Q, B>,
  raw: RawAsk,
): AskOf<P, Q, B> {
  const params = Object.fromEntries(Object.entries(raw.params).map(([name, value]) => [name, checkedParam(name, value)]));
  return {
    ...raw,
    params: params as Record<ParamNames<P>, string>,
    query: (query === undefined ? {} : parse(query, raw.query)) as z.output<Q>,
    body: (body === undefined ? {} : parse(body, raw.body)) as z.output<B>,
  };
}

function checkedParam(name: string, value: string): string {
  const known = PARAMS[name];
  if (known === undefined || known.schema.safeParse(value).success) return value;
  if (known.absent !== undefined) throw new Refusal("not-found", known.absent);
  throw new Refusal("invalid", `The ${name} in the path is not accepted.`);
}

export const items = (item: z.ZodType) => z.object({ items: z.array(item) });
/** `{items, next}`: `next` goes back as the cursor. */
export const page = (item: z.ZodType) => z.object({ items: z.array(item), next: z.string().nullable() });
