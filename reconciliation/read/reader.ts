/** Everything that can be read of a region's state, each question with its right beside it. It only reads tables, and at once. */
import type { Reader } from "../../core/ports/reader.ts";
import { auditReader } from "./audit-reader.ts";
import { catchUpReader } from "./catch-up-reader.ts";
import { channelReader } from "./channel-reader.ts";
import { conflictReader } from "./conflict-reader.ts";
import type { ReaderParts } from "./reader-parts.ts";

export const openReader = (parts: ReaderParts): Reader => ({
  ...channelReader(parts),
  ...conflictReader(parts),
  ...auditReader(parts),
  ...catchUpReader(parts),
});
