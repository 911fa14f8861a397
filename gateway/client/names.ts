/** The part of a shown id that is the same whichever region's tag it carries; an alias is its own name. As `core/ids.ts`, which hashes by Node. */
export const identityOf = (id: string): string => /^(?:msg|chn|whk)_[A-Za-z0-9_-]{1,64}_([0-9a-z]{26})$/.exec(id)?.[1] ?? id;
export const isSameId = (a: string, b: string): boolean => identityOf(a) === identityOf(b);
