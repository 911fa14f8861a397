/** Documents that people write together: what of them stands in this region. */
export interface DocumentSource {
  /**
   * Every change of a document that was made by right, here or elsewhere: Yjs updates (v1) in base64, in the order of their stamps: so each comes after
   * what it was made onto, unless a clock was wrong, and reading costs as much as there are (Yjs keeps what comes too early in one heap that it goes
   * through again for each that follows). `channel` is an identity; `document` null is the channel's own notes.
   */
  changes(channel: string, document: string | null): Iterable<string>;
}
