/** `atoll keys`: makes what regions sign in with, outside Terraform's state. */
import { type Answer, Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples, needed } from "./define.ts";

interface Options {
  readonly topology?: string;
  readonly out: string;
  readonly tls?: boolean;
}

export const define: Define = (command, finish) => {
  command
    .option("--topology <file>", "the one list of regions")
    .option("--out <dir>", "where the keys go: mesh/ stays with you, <region>/ goes to that region's machines", "keys")
    .option("--tls", "also an authority and a certificate a region for the links (needs openssl)")
    .addHelpText(
      "after",
      examples(
        "atoll keys --topology regions.json --out keys --tls",
        "atoll keys --topology regions.json --out keys --tls   # a region more: only its keys are made",
      ),
    );
  finish(command, async ({ options }: Asked<Options>): Promise<Answer> => {
    const list = needed(options.topology, "--topology <file>");
    const [{ readTopology }, { ensureKeys }, { NoCertificates }] = await Promise.all([
      import("../topology.ts"),
      import("../keys/key-folder.ts"),
      import("../keys/certificates.ts"),
    ]);
    try {
      const keys = await ensureKeys({ topology: readTopology(list), folder: options.out, tls: options.tls === true });
      const lines = keys.map(
        ({ region, folder, made }) => `${region.padEnd(10)} ${folder}: ${made.length === 0 ? "as before" : `made ${made.join(", ")}`}`,
      );
      return { code: 0, document: { keys }, text: [...lines, `keep ${options.out}/mesh where no region can read it`].join("\n") };
    } catch (error) {
      if (error instanceof NoCertificates) throw new Stop(1, error.message);
      throw new Stop(2, error instanceof Error ? error.message : String(error));
    }
  });
};
