/** Every number that bounds something, with its source. Durations in ms, sizes in bytes. */
export const LIMITS = {
  /** Contract §3. */
  bodyBytes: 16_384,
  metadataBytes: 4_096,
  /**
   * Policy merge, our choice: an update is hardly longer than the longest body (in characters of base 64). After so many edits that build on each other
   * one says its whole text, so that a text is never made of too many; and a message with very many versions is no more merged.
   */
  updateChars: 32_768,
  editsInRow: 64,
  mergedVersions: 1_024,
  /** More than that many versions in one text come from no honest mesh. */
  mergedPieces: 1_024,
  /** Our choice: from so many versions on an edit comes after what is shown, and not beside it; each would cost the square of their number. */
  versionsBeside: 128,
  idempotencyKeyChars: 128,
  pageDefault: 50,
  pageMax: 500,
  /** Contract §4. */
  frameBytes: 65_536,
  helloMs: 5_000,
  badFrames: 3,
  /** Names and topics: our choice; long enough for a sentence. */
  nameBytes: 256,
  topicBytes: 2_048,
  /** reliability.md §4: CRDT. One update, and all of a document's together. */
  documentUpdateBytes: 262_144,
  documentBytes: 8 * 1_048_576,
  /** Who is where in a document: names, colours, a cursor. */
  awarenessBytes: 32_768,
  /** Our choice: so many of them one socket may speak for; a browser is one. And so often a second it may ask for all that it lacks, or who is there. */
  awarenessClients: 16,
  documentAsksPerSecond: 10,
  /** Our choice: of what they ask for, one person's sockets are given so much a second, a whole document of the largest kind. */
  documentAnswerBytes: 8 * 1_048_576,
  membersAtCreation: 1_000,
  emojiBytes: 64,
  requestBytes: 131_072,
  /** reliability.md §4: JSON. */
  jsonDepth: 32,
  /** reliability.md §4: connections of one user on one gateway. */
  connectionsPerUser: 20,
  /** Law T2. */
  clockBoundMs: 5_000,
  clockAlarmMs: 500,
  clockAlarmTimes: 3,
  /** Hard parts H11. */
  beatMs: 250,
  silentMs: 2_000,
  /** Hard parts H14: the answer to an unknown publish, and how long it is retried (below the log's duplicate window). */
  unknownAnswerMs: 5_000,
  publishRetryMs: 100_000,
  duplicateWindowMs: 120_000,
  /** Hard parts H5: a command is remembered longer than the longest partition. */
  commandMemoryMs: 30 * 24 * 3_600_000,
  /** Hard parts H13. */
  ringBytes: 8 * 1_048_576,
  aheadBytes: 32 * 1_048_576,
  /** Hard parts H12: entries of a gateway's former boot stay unknown this long. */
  formerBootMs: 10_000,
  /** reliability.md §4: a socket whose queue stays above this for this long is closed with 4002. */
  slowBytes: 1_048_576,
  slowMs: 5_000,
  /**
   * How long a region may take to get to the common vector. Hard parts H7 says two seconds, as everybody would be held so long; here nobody is held, so a
   * region that is a few seconds behind, as after a heal, is waited for instead of asked again.
   */
  verifyHoldMs: 5_000,
  /** The transaction ends so long after the last question about it. */
  verifyReadMs: 10_000,
  /** Our choice: no verify reads for longer; some ten million registers on an idle machine. */
  verifyWholeMs: 15 * 60_000,
  verifyEveryMs: 30_000,
  /** Our choice: a webhook's address is a line, and a channel has a handful of bots. */
  webhookUrlBytes: 2_048,
  webhooksPerChannel: 10,
  /** Packer: bytes of one log message (NATS max_payload is 1 MiB). */
  packBytes: 524_288,
  /** A single command that needs more is refused: the log server would take no message of it, for ever. */
  logMessageBytes: 900_000,
  packEvents: 512,
  /** Our choice: people named in the answer to a change of a message, and in the event behind it; a reading names all. */
  reactionsInAnswer: 100,
  /** Most messages of one author that wait for the log before the door says unavailable. */
  inFlightPerAuthor: 256,
} as const;
