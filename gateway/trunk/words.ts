/** What records of a trunk say beside frames, and what both ends know of each other. */
import { createHmac } from "node:crypto";
import { z } from "zod";
import { isSameSecret } from "../../core/hash.ts";
import { CLOSE, type CloseName } from "../close-codes.ts";
import type { FrameError } from "../problem.ts";
import { RankedRegion } from "../protocol/objects.ts";

export const TRUNK_PATH = "/v1/mesh/trunk";
/** Another number is another language: a gateway of another version waits until its reconciler speaks it. */
export const TRUNK_PROTOCOL = "atoll.trunk.1";
/** Carries the region's key on calls that a gateway passes on; then the last address of `x-forwarded-for` is the caller's. */
export const KEY_HEADER = "x-atoll-gateway";
/** One message at most. A batch that has grown past `TRUNK_FLUSH_BYTES` is not waited for. */
export const TRUNK_MESSAGE_BYTES = 64 * 1024 * 1024;
export const TRUNK_FLUSH_BYTES = 1024 * 1024;

/** What processes of one region know each other by. */
export const trunkKey = (meshSecret: string, region: string): string =>
  createHmac("sha256", meshSecret).update(`trunk ${region}`).digest("hex");

export const isKey = (given: string | undefined, key: string): boolean => given !== undefined && isSameSecret(given, key);

const text = z.string().max(4_096);
const Opened = z.object({ ip: z.string().max(64).nullable() });
const frameId = z.union([z.string(), z.number()]);
const Bad = z.object({ id: frameId.nullable(), error: z.custom<FrameError>((value) => typeof value === "object" && value !== null) });
const CLOSES = Object.keys(CLOSE) as [CloseName, ...CloseName[]];
const Goodbye = z.object({ why: z.enum(CLOSES), detail: text.nullable(), regions: z.array(RankedRegion).readonly() });
const Ended = z.object({ slow: z.boolean() });
/** `refuses`: why no new line is taken. `regions`: where to, if this process is lost. */
const CoreStatus = z.object({
  refuses: z.object({ message: text, retryAfterS: z.number() }).nullable(),
  regions: z.array(RankedRegion).readonly(),
});
/** Lines with bytes that their client has not been sent, and how many. */
const EdgeStatus = z.object({ waiting: z.array(z.tuple([z.number(), z.number()])).readonly() });

export type Bad = z.infer<typeof Bad>;
export type Goodbye = z.infer<typeof Goodbye>;
export type CoreStatus = z.infer<typeof CoreStatus>;
export type EdgeStatus = z.infer<typeof EdgeStatus>;

/** Throws where the words are none. */
const reader =
  <T>(schema: z.ZodType<T>) =>
  (payload: Buffer): T =>
    schema.parse(JSON.parse(payload.toString()));
export const readOpened = reader(Opened);
export const readBad = reader(Bad);
export const readGoodbye = reader(Goodbye);
export const readEnded = reader(Ended);
export const readCoreStatus = reader(CoreStatus);
export const readEdgeStatus = reader(EdgeStatus);
