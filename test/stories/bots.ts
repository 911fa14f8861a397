/** A mesh of three whole regions whose webhooks lead to receivers that do as a story tells them, and no second that is waited for. */
import type { WireEvent } from "../../core/objects.ts";
import type { Delivery, DeliveryOutcome } from "../../core/ports/webhooks.ts";
import { LinkedMesh } from "./linked-mesh.ts";

export const URL_ONE = "https://bots.example.com/one";
export const OWNER = { user: "ana", roles: ["user"] } as const;

interface Got {
  readonly region: string;
  readonly url: string;
  readonly id: string;
  readonly atMs: number;
  readonly event: WireEvent;
}

export class Bots {
  readonly got: Got[] = [];
  readonly outcomes: string[] = [];
  readonly halted: string[] = [];
  /** What a receiver answers. */
  answer: (delivery: Delivery, region: string) => DeliveryOutcome = () => ({ status: 204 });
  tookMs = 10;
  atOnce = 0;
  mostAtOnce = 0;
  mesh!: LinkedMesh;
  channel = "";

  static async open(): Promise<Bots> {
    const bots = new Bots();
    bots.mesh = await LinkedMesh.open({}, (region) => ({
      webhooks: { unfitUrl: () => undefined, send: (delivery) => bots.#take(region, delivery) },
      watch: {
        hookTried: (outcome) => void bots.outcomes.push(outcome),
        hookHalted: (reason) => void bots.halted.push(`${region} ${reason}`),
      },
    }));
    const created = await bots.mesh.do("us", "ana", { kind: "channel.create", name: "one", members: [{ user: "eve", role: "member" }] });
    bots.channel = String(created["id"]);
    await bots.mesh.time.pass(3_000);
    return bots;
  }

  async #take(region: string, delivery: Delivery): Promise<DeliveryOutcome> {
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    await new Promise<void>((resolve) => this.mesh.time.after(this.tookMs, resolve));
    this.atOnce -= 1;
    const { url, headers, body } = delivery;
    const outcome = this.answer(delivery, region);
    if ("status" in outcome && outcome.status < 300)
      this.got.push({ region, url, id: headers["webhook-id"] ?? "", atMs: this.mesh.nowMs, event: JSON.parse(body) as WireEvent });
    return outcome;
  }

  async hook(region = "us", url = URL_ONE, events?: readonly string[]): Promise<string> {
    const more = events === undefined ? {} : { events };
    const { id } = await this.mesh.do(region, "ana", { kind: "webhook.set", channel: this.channel, url, ...more });
    await this.mesh.time.pass(3_000);
    return String(id);
  }
  /** Time in which nothing is said. */
  async rest(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 5_000) await this.mesh.time.stall(5_000);
  }
  say = (region: string, body: string, user = "ana") => this.mesh.do(region, user, { kind: "message.send", channel: this.channel, body });
  texts = (url = URL_ONE): readonly unknown[] => this.got.filter((one) => one.url === url).map(({ event }) => event.data["body"]);
  deliveries = (region: string, id: string) => this.mesh.at(region).webhooks.deliveries(OWNER, this.channel, id);
}
