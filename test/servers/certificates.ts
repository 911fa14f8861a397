/** An authority of a test's own, and what servers and clients are given of it; and one that nobody knows. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureAuthority, ensureCertificate } from "../../regions/keys/certificates.ts";

export interface Certified {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Key and certificate in one file, as some servers want them. */
  readonly both: string;
}
export interface Certificates {
  /** For 127.0.0.1. */
  readonly server: Certified;
  readonly client: Certified;
  /** An authority that has signed none of them. */
  readonly stranger: string;
}

export async function makeCertificates(folder: string): Promise<Certificates> {
  const [authority, other] = [join(folder, "authority"), join(folder, "other-authority")];
  for (const one of [authority, other]) {
    mkdirSync(one, { recursive: true });
    await ensureAuthority(one);
  }
  const make = async (name: string, host: string): Promise<Certified> => {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    await ensureCertificate(own, authority, name, [host]);
    const made = { ca: join(own, "ca.pem"), cert: join(own, "cert.pem"), key: join(own, "key.pem"), both: join(own, "both.pem") };
    copyFileSync(join(authority, "ca.pem"), made.ca);
    writeFileSync(made.both, readFileSync(made.key, "utf8") + readFileSync(made.cert, "utf8"), { mode: 0o600 });
    return made;
  };
  return {
    server: await make("server", "127.0.0.1"),
    client: await make("client", "region-us.example.org"),
    stranger: join(other, "ca.pem"),
  };
}
