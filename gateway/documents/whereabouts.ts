/**
 * Who is where in a document (awareness of y-protocols), read before it is taken: for each client a clock and its state as JSON. What stands here
 * later goes to everybody who comes, so it is judged at the door.
 */
import { createDecoder, readVarString, readVarUint } from "lib0/decoding";
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from "lib0/encoding";
import { Refusal } from "../../core/errors.ts";
import { checkDepth } from "../json-door.ts";

export interface Place {
  readonly client: number;
  readonly clock: number;
  /** JSON; `null` = gone. */
  readonly state: string;
}

/** Refusal invalid: it cannot be read, or a state is no JSON, or is nested so deep that writing it out again would end in an overflow. */
export function readPlaces(update: Uint8Array): readonly Place[] {
  try {
    const decoder = createDecoder(update);
    const places: Place[] = [];
    for (let left = readVarUint(decoder); left > 0; left -= 1)
      places.push({ client: readVarUint(decoder), clock: readVarUint(decoder), state: readVarString(decoder) });
    for (const { state } of places) {
      checkDepth(state);
      JSON.parse(state);
    }
    return places;
  } catch (wrong) {
    throw wrong instanceof Refusal ? wrong : new Refusal("invalid", "This says of nobody where they are.");
  }
}

export function placesUpdate(places: readonly Place[]): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, places.length);
  for (const { client, clock, state } of places) {
    writeVarUint(encoder, client);
    writeVarUint(encoder, clock);
    writeVarString(encoder, state);
  }
  return toUint8Array(encoder);
}
