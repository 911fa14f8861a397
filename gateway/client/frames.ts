/** What is said over the socket, as a client hears and says it (contract §4). */
import type { RankedRegion, WireEvent } from "../../core/objects.ts";
import type { ClientFrame } from "../protocol/frames-in.ts";
import type { ServerFrame } from "../protocol/frames-out.ts";
import type { AskedCommand } from "./commands.ts";

export type HeardFrame =
  | ServerFrame
  | { readonly type: "event"; readonly event: WireEvent; readonly cursor: string }
  | { readonly type: "events"; readonly items: readonly WireEvent[]; readonly cursor: string };
export type HeardOf<Type extends HeardFrame["type"]> = Extract<HeardFrame, { readonly type: Type }>;
export type Reply = HeardOf<"reply">;
export interface Hello {
  readonly type: "hello";
  readonly token: string;
  readonly protocol: 1;
  readonly cursor?: string;
  readonly channels: readonly string[];
  readonly seen?: string;
  readonly client: string;
}
export type SaidFrame =
  | Hello
  | Exclude<ClientFrame, { readonly type: "hello" | "command" }>
  | { readonly type: "command"; readonly id: string; readonly command: AskedCommand };
export interface Goodbye {
  readonly code: number;
  readonly reason: string;
  readonly afterMs: number;
  readonly regions: readonly RankedRegion[];
}

export const eventsIn = (frame: HeardFrame): readonly WireEvent[] =>
  frame.type === "event" ? [frame.event] : frame.type === "events" ? frame.items : [];

/** Undefined for what no region of this protocol says: it is left out, so that a later server may say more. */
export function readFrame(data: unknown): HeardFrame | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === "object" && frame !== null && "type" in frame ? (frame as HeardFrame) : undefined;
  } catch {
    return undefined;
  }
}
