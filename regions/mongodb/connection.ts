/**
 * The way to a region's MongoDB (5.0 or newer, a replica set). The driver's own patience is for applications without another store: a primary
 * that falls silent would stall writes for half a minute. Here a server is looked at every second, and one that does not answer within two is
 * given up. Writes are acknowledged by a majority, or they are not acknowledged.
 */
import type { Db } from "mongodb";
import { MongoClient, MongoError, MongoNetworkError } from "mongodb";
import type { TlsParts } from "../store-settings.ts";
import type { StoreNames } from "../store-trouble.ts";
import { mendedBy } from "../store-trouble.ts";

export const MONGODB_NAMES: StoreNames = {
  login: "user, password and authSource in ATOLL_MONGODB_URI (or ATOLL_MONGODB_URI_FILE)",
  rights: "give the user the role readWrite on the region's database",
  tlsOn: "ATOLL_MONGODB_CA_FILE=ca.pem, or tls=true in ATOLL_MONGODB_URI",
  tlsOff: "take ATOLL_MONGODB_…_FILE and tls=true away, or let MongoDB speak it (net.tls.mode)",
  authority: "ATOLL_MONGODB_CA_FILE",
  certificate: "ATOLL_MONGODB_CERT_FILE and ATOLL_MONGODB_KEY_FILE",
  serverName: "name the servers in ATOLL_MONGODB_URI as their certificates do",
};

const OPTIONS = {
  appName: "atoll",
  heartbeatFrequencyMS: 1_000,
  connectTimeoutMS: 2_000,
  serverSelectionTimeoutMS: 4_000,
  waitQueueTimeoutMS: 4_000,
  maxPoolSize: 16,
  retryWrites: true,
  retryReads: true,
  writeConcern: { w: "majority", wtimeoutMS: 5_000 },
  readConcern: { level: "majority" },
  readPreference: "primary",
  ignoreUndefined: false,
} as const;

export interface MongoOptions {
  /** mongodb://[user:password@]host:port[,host:port]/[database][?options]; mongodb+srv:// too. */
  readonly uri: string;
  /** When the address names no database. */
  readonly database: string;
  /** TLS is spoken when given. */
  readonly tls?: TlsParts;
  /** How long an operation took, answered or not. */
  readonly observe?: (operation: string, seconds: number) => void;
}

export interface MongoLink {
  /** The database, when it has been reached once. From then on the driver finds its servers by itself. */
  reach(): Promise<Db>;
  /** Runs an operation that may be run again: the driver tries a retryable one twice, an election takes longer than that. */
  run<T>(operation: string, work: (db: Db) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const TRIES = 4;
const AGAIN_MS = 200;

export function openMongo({ uri, database, tls, observe }: MongoOptions): MongoLink {
  let client: MongoClient | undefined;
  let reaching: Promise<Db> | undefined;
  let isClosed = false;
  /** A client whose first try has failed stays closed for ever: each try is a new one's first. */
  const first = async (): Promise<Db> => {
    const trying = new MongoClient(uri, { ...OPTIONS, ...tlsOptions(tls) });
    try {
      await trying.connect();
      if (isClosed) throw new Error("the connection has been closed");
      client = trying;
      return namesDatabase(uri) ? trying.db() : trying.db(database);
    } catch (error) {
      reaching = undefined;
      await trying.close();
      throw mendedBy(error, { names: MONGODB_NAMES, speaksTls: speaksTls(uri, tls), certified: tls?.cert !== undefined });
    }
  };
  const reach = (): Promise<Db> => {
    reaching ??= first();
    return reaching;
  };
  const timed = async <T>(operation: string, work: (db: Db) => Promise<T>): Promise<T> => {
    const startMs = performance.now();
    try {
      return await work(await reach());
    } finally {
      observe?.(operation, (performance.now() - startMs) / 1_000);
    }
  };
  return {
    reach,
    run: async (operation, work) => {
      for (let tried = 1; ; tried += 1) {
        try {
          return await timed(operation, work);
        } catch (error) {
          if (tried === TRIES || !mayPass(error)) throw error;
          await new Promise((later) => setTimeout(later, AGAIN_MS * 2 ** tried * (0.5 + Math.random() / 2)));
        }
      }
    },
    close: async () => {
      isClosed = true;
      await client?.close();
    },
  };
}

export const tlsOptions = (tls: TlsParts | undefined) => (tls === undefined ? {} : { tls: true, ...tls });

export const speaksTls = (uri: string, tls: TlsParts | undefined): boolean => tls !== undefined || /[?&](tls|ssl)=true/.test(uri);

const namesDatabase = (uri: string): boolean => /^[^/]+\/\/[^/]+\/[^?]/.test(uri);

/** NotWritablePrimary, InterruptedDueToReplStateChange, PrimarySteppedDown, ShutdownInProgress, InterruptedAtShutdown, HostUnreachable, … */
const PASSING = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Whether the same may succeed in a moment. Server selection has waited its time already: nobody is there. */
function mayPass(error: unknown): boolean {
  if (error instanceof MongoNetworkError) return true;
  if (!(error instanceof MongoError)) return false;
  return error.hasErrorLabel("RetryableWriteError") || PASSING.has(Number(error.code));
}
