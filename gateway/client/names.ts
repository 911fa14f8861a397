import { type Identity, readShownId } from "../../core/ids.ts";

/** The part of a shown id that is the same whichever region's tag it carries; an alias is its own name. */
export const identityOf = (id: string): Identity => readShownId(id)?.identity ?? id;
export const isSameId = (a: string, b: string): boolean => identityOf(a) === identityOf(b);
