/** Everything that runs for the regions of a local mesh: a link proxy, the processes and the supervisor's ear of each. Regions come and go. */
import type { ChildHooks } from "./child.ts";
import { type Echo, openEcho } from "./echo.ts";
import { LinkProxy } from "./link-proxy.ts";
import { type Links, openLinks } from "./links.ts";
import type { MeshPlan, RegionPlan } from "./plan.ts";
import { openRegionProcesses, type RegionProcesses } from "./region-processes.ts";

export interface RunningRegionsOptions {
  /** "us-eu" -> one-way delay, ms. */
  readonly delays: Readonly<Record<string, number>>;
  readonly clockOffsets: Readonly<Record<string, number>>;
  readonly hooks: ChildHooks;
}

export class RunningRegions {
  readonly links: Links;
  readonly #options: RunningRegionsOptions;
  readonly #proxies = new Map<string, LinkProxy>();
  readonly #processes = new Map<string, RegionProcesses>();
  readonly #echoes = new Map<string, Echo>();

  constructor(options: RunningRegionsOptions) {
    this.#options = options;
    const names = (): readonly string[] => this.names;
    this.links = openLinks({
      get regions() {
        return names();
      },
      gate: (region) => {
        const proxy = this.#proxies.get(region);
        return proxy && { cut: (peer) => proxy.cut(peer), heal: (peer) => proxy.heal(peer), bytes: (peer) => proxy.forwardedBytes(peer) };
      },
      echo: (from, to, timeoutMs) => this.#echoes.get(from)?.ask(to, timeoutMs) ?? Promise.resolve(false),
      alive: (region) => this.#processes.get(region)?.alive === true,
    });
  }

  get names(): readonly string[] {
    return [...this.#processes.keys()];
  }
  get processes(): ReadonlyMap<string, RegionProcesses> {
    return this.#processes;
  }
  echo(region: string): Echo | undefined {
    return this.#echoes.get(region);
  }

  /** The proxy listens; nothing is started yet. */
  async open(plan: MeshPlan, region: RegionPlan): Promise<RegionProcesses> {
    const { name, ports } = region;
    this.#proxies.set(name, await LinkProxy.listen(ports.proxy, { host: "127.0.0.1", port: ports.link }));
    for (const peer of this.#proxies.keys()) this.#delay(name, peer);
    const processes = openRegionProcesses(plan, region, this.#options.clockOffsets[name] ?? 0, this.#options.hooks);
    this.#processes.set(name, processes);
    this.links.joined(name);
    return processes;
  }
  /** Resolves when the region's JetStream tier has let the supervisor in. */
  async listen({ name, nats }: RegionPlan): Promise<void> {
    this.#echoes.set(name, await openEcho(name, nats));
  }

  /** Servers last: what the program has drained may still be read by peers until then. */
  async drop(name: string): Promise<void> {
    const processes = this.#processes.get(name);
    await this.#echoes.get(name)?.close();
    await processes?.stopProgram();
    await processes?.stopJetStream();
    await processes?.stopGateway();
    await this.#proxies.get(name)?.close();
    for (const all of [this.#echoes, this.#processes, this.#proxies]) all.delete(name);
  }

  /** Each kind after the other, over all regions at once. */
  async close(): Promise<void> {
    const each = (act: (region: RegionProcesses) => Promise<void>): Promise<unknown> => Promise.all([...this.#processes.values()].map(act));
    await Promise.all([...this.#echoes.values()].map((echo) => echo.close()));
    await each((region) => region.stopProgram());
    await each((region) => region.stopJetStream());
    await each((region) => region.stopGateway());
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
  }

  #delay(a: string, b: string): void {
    const delayMs = this.#options.delays[`${a}-${b}`] ?? this.#options.delays[`${b}-${a}`];
    if (delayMs === undefined) return;
    // One way: each of the two connections of the pair carries bytes both ways.
    this.#proxies.get(a)?.setDelay(b, { inMs: delayMs, outMs: delayMs });
    this.#proxies.get(b)?.setDelay(a, { inMs: delayMs, outMs: delayMs });
  }
}
