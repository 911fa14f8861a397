/** The mesh's own certificate authority and one certificate a region, made with openssl: links between regions are TLS both ways. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** openssl is not there, or did not do it. */
export class NoCertificates extends Error {}

const DAYS = { authority: "3650", region: "825" } as const;

async function openssl(...args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)("openssl", args);
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === "ENOENT") throw new NoCertificates("openssl is missing: install it (apt-get install openssl), or make keys without --tls");
    throw new NoCertificates(`openssl ${args[0]}: ${stderr?.trim().split("\n").at(-1) ?? String(error)}`);
  }
}

const newKey = (path: string): Promise<void> => openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path);

/** `ca.pem` and `ca.key` in the folder; those that are there stay. */
export async function ensureAuthority(folder: string): Promise<void> {
  const [certificate, key] = [join(folder, "ca.pem"), join(folder, "ca.key")];
  if (existsSync(certificate)) return;
  await newKey(key);
  await openssl(
    "req",
    "-x509",
    "-new",
    "-key",
    key,
    "-days",
    DAYS.authority,
    "-subj",
    "/O=Atoll/CN=Atoll mesh authority",
    "-out",
    certificate,
  );
}

/** `cert.pem` and `key.pem` of a region, for the hosts at which it is dialled; made anew when there are none. */
export async function ensureCertificate(folder: string, authority: string, region: string, hosts: readonly string[]): Promise<boolean> {
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  if (existsSync(certificate)) return false;
  const work = mkdtempSync(join(tmpdir(), "atoll-keys-"));
  try {
    await newKey(key);
    const request = join(work, "request.pem");
    await openssl("req", "-new", "-key", key, "-subj", `/O=Atoll/CN=${region}`, "-out", request);
    const names = hosts.map((host) => `${isIP(host) === 0 ? "DNS" : "IP"}:${host}`).join(",");
    const extensions = join(work, "extensions");
    writeFileSync(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n`);
    const [ca, caKey] = [join(authority, "ca.pem"), join(authority, "ca.key")];
    const serial = join(work, "serial");
    const signed = ["-CA", ca, "-CAkey", caKey, "-CAserial", serial, "-CAcreateserial", "-extfile", extensions, "-days", DAYS.region];
    await openssl("x509", "-req", "-in", request, ...signed, "-out", certificate);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
