/**
 * The frames of the y-websocket protocol. A first number names the kind (0 sync, 1 awareness, 2 auth, 3 "who is here?"), a second one of sync
 * which step it is (0 "this is what I have", 1 what the asker lacks, 2 a change). Numbers and lengths are variable (lib0).
 */
import { createDecoder, readVarUint, readVarUint8Array } from "lib0/decoding";
import { createEncoder, toUint8Array, writeVarUint, writeVarUint8Array } from "lib0/encoding";
import { Refusal } from "../../core/errors.ts";

export type DocumentFrame =
  /** A state vector: whatever is not in it is asked for. */
  | { readonly type: "ask"; readonly vector: Uint8Array }
  | { readonly type: "change"; readonly update: Uint8Array }
  | { readonly type: "awareness"; readonly update: Uint8Array }
  | { readonly type: "who" };

const SYNC = 0;
const AWARENESS = 1;
const WHO = 3;
const STEP_ASK = 0;
const STEP_LACKED = 1;
const STEP_CHANGE = 2;

/** Refusal invalid: it is no frame of the protocol. */
export function readFrame(bytes: Uint8Array): DocumentFrame {
  try {
    const decoder = createDecoder(bytes);
    const kind = readVarUint(decoder);
    if (kind === WHO) return { type: "who" };
    if (kind === AWARENESS) return { type: "awareness", update: readVarUint8Array(decoder) };
    if (kind !== SYNC) throw new Refusal("invalid", `There is no frame of kind ${kind}.`);
    const step = readVarUint(decoder);
    if (step > STEP_CHANGE) throw new Refusal("invalid", `There is no step ${step} of sync.`);
    const content = readVarUint8Array(decoder);
    return step === STEP_ASK ? { type: "ask", vector: content } : { type: "change", update: content };
  } catch (wrong) {
    throw wrong instanceof Refusal ? wrong : new Refusal("invalid", "This is no frame of the y-websocket protocol.");
  }
}

const frame = (kinds: readonly number[], content: Uint8Array): Uint8Array => {
  const encoder = createEncoder();
  for (const kind of kinds) writeVarUint(encoder, kind);
  writeVarUint8Array(encoder, content);
  return toUint8Array(encoder);
};
export const askFrame = (vector: Uint8Array): Uint8Array => frame([SYNC, STEP_ASK], vector);
export const lackedFrame = (update: Uint8Array): Uint8Array => frame([SYNC, STEP_LACKED], update);
export const changeFrame = (update: Uint8Array): Uint8Array => frame([SYNC, STEP_CHANGE], update);
export const awarenessFrame = (update: Uint8Array): Uint8Array => frame([AWARENESS], update);
