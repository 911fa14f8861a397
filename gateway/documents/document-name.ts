/** How a document is named: `{channel}` for the channel's own notes, `{channel}:{name}` for others. */
import { Refusal } from "../../core/errors.ts";
import { isPlainId } from "../../core/ids.ts";

export const DOCUMENTS = "/v1/docs";

export interface DocumentName {
  readonly channel: string;
  readonly document: string | null;
}

export const keyOf = ({ channel, document }: DocumentName): string => `${channel}:${document ?? ""}`;

/** The name in the last part of a path, as it stands there. `channel` is an id or an alias. Refusal invalid: it names nothing. */
export function nameIn(path: string): DocumentName {
  let text = "";
  try {
    text = decodeURIComponent(path);
  } catch {} // names nothing
  const [channel = "", ...rest] = text.split(":");
  const document = rest.length === 0 ? null : rest.join(":");
  if (document !== null && !isPlainId(document))
    throw new Refusal("invalid", "A document's name is 1 to 64 letters, digits, hyphens and underscores.");
  return { channel, document };
}
