/** How a command reaches what it asks: the supervisor of the local mesh, or a region's gateway over HTTP. */
import { existsSync } from "node:fs";
import type { Order } from "../mesh/control.ts";
import type { MeshFolder } from "../mesh/folder.ts";
import { meshFolder, readJson, readSecret } from "../mesh/folder.ts";
import type { ReadyDocument } from "../mesh/ready.ts";
import { Refused } from "../mesh/refused.ts";
import { Stop } from "./answer.ts";

export interface ReachOptions {
  readonly data: string;
  /** A gateway's address: then no folder is needed. */
  readonly url?: string;
  readonly token?: string;
}
export interface Gateway {
  readonly name: string;
  readonly url: string;
}
export interface Reached {
  readonly gateways: readonly Gateway[];
  readonly token: string;
  /** Of the local mesh. */
  readonly folder?: MeshFolder;
}

const inFolder = (command: string, { root }: MeshFolder): string => (root.endsWith(".atoll") ? command : `${command} --data ${root}`);

const nobody = (folder: MeshFolder): Stop => {
  if (existsSync(folder.meshFile))
    return new Stop(3, `the mesh in ${folder.root} does not answer`, `clear what is left of it: ${inFolder("atoll down", folder)}`);
  return new Stop(3, `no mesh runs in ${folder.root}`, `start one: ${inFolder("atoll up", folder)}`);
};

/** What `up` said when it was ready. */
export function readyDocument(data: string): ReadyDocument {
  const folder = meshFolder(data);
  const ready = readJson<ReadyDocument>(folder.meshFile);
  if (ready === undefined) throw nobody(folder);
  return ready;
}

/** Gives the mesh's supervisor an order. */
export async function giveOrder<T>(data: string, given: Order): Promise<T> {
  const folder = meshFolder(data);
  const { NobodyListens, order } = await import("../mesh/control.ts");
  try {
    return (await order(folder.socket, given)) as T;
  } catch (error) {
    if (error instanceof NobodyListens) throw nobody(folder);
    if (error instanceof Refused) throw new Stop(error.code, error.message, error.hint);
    throw error;
  }
}

/** The gateways to ask, and a token that may: minted from the folder's secret for as long as the command runs. */
export async function reach(options: ReachOptions, role: "user" | "operator" | "auditor", user = `atoll-${role}`): Promise<Reached> {
  if (options.url !== undefined) {
    if (!URL.canParse(options.url)) throw new Stop(2, `--url ${options.url} is no address`, "like http://127.0.0.1:8800");
    const gateway = { name: options.url, url: options.url.replace(/\/+$/, "") };
    const token = options.token ?? (isOfFolder(gateway, options.data) ? await minted(options.data, role, user) : undefined);
    return { gateways: [gateway], token: token ?? (await missingToken(gateway)) };
  }
  const ready = readyDocument(options.data);
  const token = await minted(options.data, role, user);
  if (token === undefined) throw nobody(meshFolder(options.data));
  return { gateways: ready.regions, token: options.token ?? token, folder: meshFolder(options.data) };
}

/** A token for as long as a command runs; undefined where the folder holds no secret. */
async function minted(data: string, role: "user" | "operator" | "auditor", user: string): Promise<string | undefined> {
  const secret = readSecret(meshFolder(data));
  if (secret === undefined) return undefined;
  const { mintToken } = await import("./mint.ts");
  return (await mintToken(secret, { user, roles: [role], ttlMs: 3_600_000 })).token;
}

/** Whether it is a gateway of the folder's own mesh: to any other, nothing signed with its secret is shown. */
function isOfFolder({ url }: Gateway, data: string): boolean {
  const regions = readJson<ReadyDocument>(meshFolder(data).meshFile)?.regions ?? [];
  const placeOf = (address: string): string => new URL(address).origin.replace("//localhost", "//127.0.0.1");
  return regions.some((region) => placeOf(region.url) === placeOf(url));
}

/** Who names a gateway of another mesh and no token: nobody is there, or a token is needed. */
async function missingToken(gateway: Gateway): Promise<never> {
  const told = await ask(gateway, "/v1/sync", "none", ANSWER_MS);
  if (!told.ok && told.status === null) throw noneAnswers({ gateways: [gateway], token: "" }, [`${gateway.url}: ${told.why}`]);
  throw new Stop(2, "--url needs --token", "a token of that mesh, with the role that the question needs");
}

/** The same, of every region: a gateway's address leads to the others, as it knows them. The region behind the address is asked there. */
export async function reachAll(options: ReachOptions, role: "user" | "operator" | "auditor", user?: string): Promise<Reached> {
  const reached = await reach(options, role, user);
  const [first] = reached.gateways;
  if (options.url === undefined || first === undefined) return reached;
  const [regions, sync] = await Promise.all([
    ask<{ readonly items: readonly Gateway[] }>(first, "/v1/regions", reached.token, ANSWER_MS),
    ask<{ readonly region: string }>(first, "/v1/sync", reached.token, ANSWER_MS),
  ]);
  for (const told of [regions, sync])
    if (!told.ok)
      throw told.status === null ? noneAnswers(reached, [`${first.url}: ${told.why}`]) : new Stop(1, `${first.url} answered ${told.why}`);
  const own = sync.ok ? sync.body.region : first.name;
  const items = regions.ok ? regions.body.items : [];
  return { ...reached, gateways: items.map(({ name, url }) => ({ name, url: name === own ? first.url : url })) };
}

const ANSWER_MS = 5_000;

export type Told<T> =
  | { readonly ok: true; readonly body: T }
  | { readonly ok: false; readonly why: string; readonly status: number | null };

interface ProblemDocument {
  readonly detail?: string;
  readonly title?: string;
}

/** What is sent with a question that changes something. */
export interface Sent {
  readonly method: "PUT" | "POST" | "PATCH";
  readonly body: object;
  /** The same key again, to any gateway, is the same command. */
  readonly key?: string;
}

/** One question to one gateway. */
export async function ask<T>(gateway: Gateway, path: string, token: string, timeoutMs: number, sent?: Sent): Promise<Told<T>> {
  try {
    const answer = await fetch(gateway.url + path, {
      ...(sent === undefined ? {} : { method: sent.method, body: JSON.stringify(sent.body) }),
      headers: {
        authorization: `Bearer ${token}`,
        ...(sent === undefined ? {} : { "content-type": "application/json" }),
        ...(sent?.key === undefined ? {} : { "idempotency-key": sent.key }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    const body = JSON.parse(text) as unknown;
    if (answer.ok) return { ok: true, body: body as T };
    const { detail, title } = body as ProblemDocument;
    return { ok: false, why: `${answer.status} ${detail ?? title ?? text.slice(0, 200)}`, status: answer.status };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
    return { ok: false, why: cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error)), status: null };
  }
}

/** The first gateway that answers at all decides: a no of the mesh is an answer, a dead region is not. */
export async function askFirst<T>(
  reached: Reached,
  path: string,
  timeoutMs = 30_000,
  sent?: Sent,
): Promise<{ readonly gateway: Gateway; readonly body: T }> {
  const tried: string[] = [];
  for (const gateway of reached.gateways) {
    const told = await ask<T>(gateway, path, reached.token, timeoutMs, sent);
    if (told.ok) return { gateway, body: told.body };
    if (told.status !== null && told.status < 500) throw new Stop(told.status === 400 ? 2 : 1, `${gateway.name} answered ${told.why}`);
    tried.push(`${gateway.name}: ${told.why}`);
  }
  throw noneAnswers(reached, tried);
}

/** Of a mesh of this machine everything is gone, or hangs; of any other mesh nothing more can be said. */
export const noneAnswers = ({ folder, gateways }: Reached, tried: readonly string[]): Stop => {
  const running = folder === undefined ? [] : (readJson<ReadyDocument>(folder.meshFile)?.regions ?? []);
  const [only] = gateways;
  if (gateways.length === 1 && only !== undefined && running.length > 1)
    return new Stop(
      3,
      `no answer of ${tried.join("; ")}`,
      `start it: ${inFolder(`atoll start ${only.name}`, folder!)}, or ask another region`,
    );
  const hint =
    folder === undefined ? "is the address right, and does the mesh run?" : `clear what is left of it: ${inFolder("atoll down", folder)}`;
  return new Stop(3, `no region answers: ${tried.join("; ")}`, hint);
};

/** The gateways, only that of `region` if one is named. */
export function onlyRegion(reached: Reached, region: string | undefined): Reached {
  if (region === undefined) return reached;
  const gateways = reached.gateways.filter(({ name }) => name === region);
  if (gateways.length === 0)
    throw new Stop(2, `there is no region ${region}`, `regions: ${reached.gateways.map(({ name }) => name).join(", ")}`);
  return { ...reached, gateways };
}
