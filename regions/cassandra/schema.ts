/**
 * The tables, as steps that only go forward. A step first widens (new tables and columns, which an older version ignores), and a later release
 * narrows what nobody reads any more: so a running older version beside a newer one loses nothing (expand, contract).
 */
export interface Migration {
  readonly version: number;
  /** For people: what it brings. */
  readonly about: string;
  readonly statements: readonly string[];
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    about: "messages by channel and bucket of birth, versions, conflicts, audit, positions",
    statements: [
      // `state`: how new it is, then the message as it stands: of two written at one timestamp the greater text wins, which is the newer (words.ts).
      `CREATE TABLE IF NOT EXISTS messages (channel text, bucket text, place text, state text, PRIMARY KEY ((channel, bucket), place))
         WITH CLUSTERING ORDER BY (place DESC) AND compaction = {'class': 'UnifiedCompactionStrategy'}`,
      // Which buckets of a channel hold anything, and how many bytes were written into each.
      `CREATE TABLE IF NOT EXISTS buckets (channel text, bucket text, bytes bigint, PRIMARY KEY ((channel), bucket))
         WITH CLUSTERING ORDER BY (bucket DESC)`,
      // From which birth on a channel's buckets are finer than a day.
      `CREATE TABLE IF NOT EXISTS finer_buckets (channel text, length int, since_ms bigint, PRIMARY KEY ((channel), length))`,
      `CREATE TABLE IF NOT EXISTS versions (channel text, message text, stamp text, entry text, PRIMARY KEY ((channel, message), stamp))
         WITH compaction = {'class': 'UnifiedCompactionStrategy'}`,
      `CREATE TABLE IF NOT EXISTS conflicts (channel text, id text, state text, PRIMARY KEY ((channel), id))`,
      `CREATE TABLE IF NOT EXISTS audit (region text, slice int, seq bigint, entry text, PRIMARY KEY ((region, slice), seq))
         WITH compaction = {'class': 'UnifiedCompactionStrategy'}`,
      `CREATE TABLE IF NOT EXISTS marks (part text, region text, at_ms bigint, PRIMARY KEY ((part), region))`,
      `CREATE TABLE IF NOT EXISTS positions (shard text, origin text, point text, series text static, change bigint static,
         settled bigint static, life text static, PRIMARY KEY ((shard), origin))`,
    ],
  },
];
