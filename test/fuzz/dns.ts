/** `npm run fuzz:dns -- [packets] [seed]`: malformed packets against the name server, without sockets. The first wrong answer ends it, and is printed with its packet. */
import { checkAnswer, malformed, responding } from "../../geodns/respond.test-model.ts";
import { randomOf } from "../simulation/random.ts";

const [packets = 1_000_000, seed = 1] = process.argv.slice(2).map(Number);
const { next } = randomOf(seed);
const say = responding();
let answered = 0;
const startedMs = performance.now();
for (let i = 0; i < packets; i += 1) {
  const message = malformed(next);
  const udp = next() < 0.8;
  const answer = say(message, { udp });
  checkAnswer(message, answer, udp);
  if (answer !== undefined) answered += 1;
}
console.log(
  `${packets} packets (seed ${seed}), ${answered} answered, none wrong, ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`,
);
