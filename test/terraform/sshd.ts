/** A real sshd on loopback for one test: keys of its own, one port, ended by its pid. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { until } from "../e2e/atoll.ts";
import { toolForTests } from "./tools.ts";

export interface Sshd {
  readonly port: number;
  /** Private key that is let in. */
  readonly userKey: string;
  readonly hostKey: string;
  /** Public key of nobody. */
  readonly strangeKey: string;
  stop(): void;
}

export const sshdForTests = (): Promise<string | undefined> => toolForTests("sshd", ["/usr/sbin/sshd"]);

export async function startSshd(program: string, folder: string, port: number): Promise<Sshd> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = (name: string): string => {
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-m", "PEM", "-N", "", "-f", join(folder, name)]);
    return readFileSync(join(folder, `${name}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  };
  const [hostKey, user, strangeKey] = [key("host"), key("user"), key("strange")];
  writeFileSync(join(folder, "authorized"), `${user}\n`, { mode: 0o600 });
  writeFileSync(
    join(folder, "config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(folder, "host")}`,
      `AuthorizedKeysFile ${join(folder, "authorized")}`,
      `PidFile ${join(folder, "pid")}`,
      "PasswordAuthentication no",
      "PermitRootLogin prohibit-password",
      "StrictModes no",
      "UsePAM no",
      "Subsystem sftp internal-sftp",
    ].join("\n"),
  );
  if (process.getuid?.() === 0) {
    mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    execFileSync("sh", ["-c", "getent passwd sshd >/dev/null || useradd --system --home-dir /run/sshd --shell /usr/sbin/nologin sshd"]);
  }
  const real = execFileSync("readlink", ["-f", program], { encoding: "utf8" }).trim(); // sshd starts itself again by its full path
  const child: ChildProcess = spawn(real, ["-D", "-e", "-f", join(folder, "config")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  await until("sshd answers", async () => {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    return connects(port);
  });
  return { port, userKey: join(folder, "user"), hostKey, strangeKey, stop: () => void child.kill() };
}

const connects = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = createConnection(port, "127.0.0.1", () => {
      socket.destroy();
      done(true);
    }).once("error", () => done(false));
  });
