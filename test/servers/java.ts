/** Java and Maven on this machine, and Cassandra's jars, fetched once into Atoll's cache. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The Cassandra that Atoll is tested with; compose.yaml names the same. */
export const CASSANDRA_VERSION = "5.0.9";
const MEND = "Debian: apt-get install -y openjdk-17-jre-headless maven";
const FETCH_MS = 300_000;

const jarFolder = (): string => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "atoll", `cassandra-${CASSANDRA_VERSION}`);
const complete = (): string => join(jarFolder(), ".complete");

function answers(command: string, flag: string): boolean {
  try {
    execFileSync(command, [flag], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Why no Cassandra can be started here, and what mends it; undefined when one can. */
export function cassandraMissing(): string | undefined {
  if (!answers("java", "-version")) return `no Java (${MEND})`;
  if (!existsSync(complete()) && !answers("mvn", "--version")) return `no Maven to fetch its jars with (${MEND})`;
  return undefined;
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>atoll</groupId><artifactId>cassandra</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId><version>${CASSANDRA_VERSION}</version>
  </dependency></dependencies>
  <build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId><version>3.6.1</version></plugin></plugins></build>
</project>
`;

/** The jars' folder. Two runs at once may both fetch; the files are the same. */
export async function fetchCassandra(): Promise<string> {
  const folder = jarFolder();
  if (existsSync(complete())) return folder;
  mkdirSync(folder, { recursive: true });
  const pom = join(folder, "pom.xml");
  writeFileSync(pom, POM);
  const goal = ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${folder}`, "-DincludeScope=runtime"];
  await run("mvn", goal, { timeout: FETCH_MS });
  for (const name of readdirSync(folder)) if (/-(osx|windows)-/.test(name)) rmSync(join(folder, name));
  writeFileSync(complete(), "");
  return folder;
}

const EXPORTS =
  "java.base/jdk.internal.misc java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry java.rmi/sun.rmi.server " +
  "java.sql/java.sql java.base/java.lang.ref jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file jdk.attach/sun.tools.attach";
const OPENS =
  "java.base/java.lang java.base/java.lang.module java.base/java.lang.reflect java.base/java.io java.base/java.math java.base/java.net " +
  "java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic java.base/jdk.internal.loader " +
  "java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.ref java.base/jdk.internal.reflect " +
  "java.base/jdk.internal.util.jar java.base/sun.nio.ch jdk.compiler/com.sun.tools.javac jdk.management/com.sun.management.internal";

/** What Cassandra 5.0 needs opened in Java 17, and its classes. */
export function javaFlags(jars: string): readonly string[] {
  const flags = (option: string, packages: string): string[] => packages.split(" ").flatMap((one) => [option, `${one}=ALL-UNNAMED`]);
  return [
    ...flags("--add-exports", EXPORTS),
    ...flags("--add-opens", OPENS),
    "-Djava.net.preferIPv4Stack=true",
    "-cp",
    readdirSync(jars)
      .filter((name) => name.endsWith(".jar"))
      .map((name) => join(jars, name))
      .join(":"),
  ];
}
export const jammIn = (jars: string): string => join(jars, readdirSync(jars).find((name) => name.startsWith("jamm-")) ?? "jamm.jar");
