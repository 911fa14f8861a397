/**
 * `npm run nemesis -- [--seed 1] [--seconds 120] [--rounds 1] [-- --gateways 1 …, options of atoll up]`: a real mesh of its own, seeds from --seed on, one after
 * another on the same mesh. Ends with 1 where a law was broken; the mesh's folder then stays to be looked at.
 */
import { parseArgs } from "node:util";
import { MeshUnderTest } from "../e2e/atoll.ts";
import { undergo } from "./run.ts";

const { values, positionals } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "120" },
    rounds: { type: "string", default: "1" },
  },
  allowPositionals: true,
});

const mesh = new MeshUnderTest();
const { code, stderr } = await mesh.up(...positionals);
if (code !== 0) throw new Error(stderr);
console.log(`a mesh in ${mesh.data}`);
const forgetful = new Set<string>();
let holds = true;
try {
  for (let round = 0; round < Number(values.rounds) && holds; round += 1) {
    const seed = Number(values.seed) + round;
    const { broken, ...found } = await undergo({
      mesh,
      seed,
      options: positionals,
      forgetful,
      seconds: Number(values.seconds),
      tell: console.log,
    });
    console.log(JSON.stringify({ seed, ...found, broken }));
    holds = broken.length === 0;
  }
} catch (error) {
  holds = false;
  console.error(error);
}
if (holds) await mesh.remove();
else await mesh.run("down");
process.exit(holds ? 0 : 1);
