/** Documents that people write together: what of them stands in this region. */
export interface DocumentSource {
  /**
   * Every change of a document that was made by right, here or elsewhere: Yjs updates (v1) in base64, in no order that means anything.
   * `channel` is an identity; `document` null is the channel's own notes.
   */
  changes(channel: string, document: string | null): Iterable<string>;
}
