/** Numbers as people write them: decimal digits and nothing else. `Number` would take "0x10", "1e2", " 5" and "" as well; no door does. */

/** A whole number from 0, of at most fifteen digits; undefined where the text is none. */
export const wholeNumberIn = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

/** The same, or with a minus before it. */
export const signedNumberIn = (text: string): number | undefined => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined);

/** A number from 0, which may have a fraction: "0.5", "300". */
export const numberIn = (text: string): number | undefined => (/^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined);

/** A number of either sign, which may have a fraction: "-122.25", "5". */
export const signedFractionIn = (text: string): number | undefined => (/^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined);
