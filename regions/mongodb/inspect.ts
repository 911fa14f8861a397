/** Which MongoDB answers at an address, and whether it will do; asked once, for `atoll doctor`. */

import { MongoClient } from "mongodb";
import type { Inspected } from "../store-inspected.ts";
import type { TlsParts } from "../store-settings.ts";
import { troubleOf } from "../store-trouble.ts";
import { MONGODB_NAMES, speaksTls, tlsOptions } from "./connection.ts";

const ANSWER_MS = 3_000;
const OLDEST_MAJOR = 5;

export async function inspectMongo(uri: string, tls?: TlsParts): Promise<Inspected> {
  let client: MongoClient;
  try {
    client = new MongoClient(uri, { serverSelectionTimeoutMS: ANSWER_MS, connectTimeoutMS: ANSWER_MS, ...tlsOptions(tls) });
  } catch (error) {
    return { ok: false, found: `the address is not understood: ${wordsOf(error)}`, mend: "--mongodb mongodb://host:port/?replicaSet=name" };
  }
  try {
    const admin = client.db("admin");
    const { version } = (await admin.command({ buildInfo: 1 })) as unknown as { readonly version: string };
    const hello = await admin.command({ hello: 1 });
    if (!(Number(version.split(".")[0]) >= OLDEST_MAJOR))
      return { ok: false, found: version, mend: `MongoDB ${OLDEST_MAJOR}.0 or newer is needed` };
    const members = (hello["hosts"] as readonly string[] | undefined)?.length ?? 0;
    if (members === 0)
      return {
        ok: false,
        found: `${version}, a server of its own`,
        mend: "start it with --replSet and initiate it: a set of one will do to try things out",
      };
    const { authInfo } = await admin.command({ connectionStatus: 1 });
    const user = (authInfo as { readonly authenticatedUsers?: readonly { readonly user: string }[] } | undefined)?.authenticatedUsers?.[0]
      ?.user;
    const how = [...(speaksTls(uri, tls) ? ["TLS"] : []), ...(user === undefined ? [] : [`signed in as ${user}`])];
    const found = [`${version}, replica set ${String(hello["setName"])} of ${members}`, ...how].join(", ");
    return members >= 3 ? { ok: true, found } : { ok: true, found, mend: "three members keep taking writes when one fails" };
  } catch (error) {
    const trouble = troubleOf(error, { names: MONGODB_NAMES, speaksTls: speaksTls(uri, tls), certified: tls?.cert !== undefined });
    const hosts = uri.replace(/^[^/]+\/\/(?:[^@/]*@)?([^/?]*).*$/, "$1");
    if (trouble !== undefined) return { ok: false, found: `${hosts}: ${trouble.why}`, mend: trouble.mend };
    return {
      ok: false,
      found: `${hosts} does not answer: ${wordsOf(error)}`,
      mend: "start it, or name another: --mongodb mongodb://host:port/?replicaSet=name",
    };
  } finally {
    await client.close();
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
