/**
 * How a supervisor hands a connection to a gateway process over their channel, and hears that it was taken. The supervisor keeps its own end until
 * then: Node forgets a connection that was under way when the process died, and it would stay open with nobody behind it.
 */
import { z } from "zod";

const Take = z.object({ take: z.number() });
const Took = z.object({ took: z.number() });

export const takeWord = (nth: number): object => ({ take: nth });
export const tookWord = (nth: number): object => ({ took: nth });
/** Which connection is handed over, or was taken; undefined for any other word. */
export const handedIn = (message: unknown): number | undefined => Take.safeParse(message).data?.take;
export const takenIn = (message: unknown): number | undefined => Took.safeParse(message).data?.took;
