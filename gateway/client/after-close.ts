/** What a client does when its line has ended, by the close code (contract §4): come back, here or in the next region, or say why not. */
import { CLOSE, comesBack } from "../close-codes.ts";
import { AtollError } from "./errors.ts";
import type { Goodbye } from "./frames.ts";

export interface LineEnd {
  /** 1006: nothing was said; also where the line was left because it was silent. */
  readonly code: number;
  readonly reason: string;
  readonly goodbye: Goodbye | undefined;
  /** The region had taken us in. */
  readonly welcomed: boolean;
}
export type Next =
  /** `afterMs`: what the region asks for, already spread over its clients. */
  | { readonly kind: "again"; readonly where: "same" | "next"; readonly afterMs: number; readonly why: AtollError }
  /** Once, with another token: the old one may have ended on the way. */
  | { readonly kind: "token"; readonly why: AtollError }
  | { readonly kind: "stop"; readonly why: AtollError };

const HINTS: Readonly<Record<number, string>> = {
  [CLOSE.badFrame.code]: "If it names the cursor, begin without one; else this library and the region do not understand each other.",
  [CLOSE.token.code]: "Let `token` give one that holds: signed for this mesh, not yet ended.",
  [CLOSE.forbidden.code]: "Ask whoever runs the mesh what this user may do.",
  [CLOSE.protocol.code]: "Use the version of the library that was released with the server.",
  [CLOSE.tooMany.code]: "Close other connections of this user, and connect again a little later.",
};

export function afterClose({ code, reason, goodbye, welcomed }: LineEnd): Next {
  const said = goodbye?.reason || reason;
  // We had said hello as soon as there was a line: the region, or the way to it, stood still.
  if (code >= 4400 && code < 4500 && code !== CLOSE.helloMissing.code) {
    const why = new AtollError("refused-here", `The region closed the connection for good (${code}${said === "" ? "" : `: ${said}`}).`, {
      hint: HINTS[code],
      closeCode: code,
    });
    return code === CLOSE.token.code ? { kind: "token", why } : { kind: "stop", why };
  }
  const words = comesBack(code) ? `The region asked us to come back (${code}: ${said}).` : "The connection broke.";
  const why = new AtollError(
    welcomed || comesBack(code) ? "unavailable" : "unreachable",
    welcomed || comesBack(code) ? words : "The region does not answer.",
    {
      closeCode: code,
    },
  );
  const leaves = code === CLOSE.drain.code || code === CLOSE.unhealthy.code;
  return { kind: "again", where: welcomed && !leaves ? "same" : "next", afterMs: goodbye?.afterMs ?? 0, why };
}
