/** One contract for every way of serving the zone: our own name server, PowerDNS, dnsdist before it, gdnsd; each real, each asked by the real `dig`. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Dug, dig, lacking, Mesh, NEAR, openServer, REGIONS, type Server, type ServerName, ZONE } from "./dns-interop.test-model.ts";

const bitsOf = (network: string): string =>
  network
    .replace(/\/.*/, "")
    .split(".")
    .map((byte) => Number(byte).toString(2).padStart(8, "0"))
    .join("");
const SERVERS: readonly ServerName[] = ["embedded", "two processes", "pdns", "dnsdist", "gdnsd"];

for (const name of SERVERS) {
  const absent = lacking(name);
  if (absent.length > 0 && process.env["CI"] !== undefined)
    test(`${name} can be asked`, () => expect.fail(`missing: ${absent.join(", ")}; .ci/run installs them`));
  else if (absent.length > 0)
    console.warn(
      `NOT TESTED: the zone served by ${name}, for want of ${absent.join(", ")} (apt-get install bind9-dnsutils pdns-server pdns-backend-remote dnsdist gdnsd)`,
    );

  describe.skipIf(absent.length > 0)(`the zone, served by ${name}`, () => {
    const mesh = new Mesh();
    let server: Server;
    const ask = (type: string, ...more: readonly string[]): Promise<Dug> => dig(server.port, `gw.${ZONE}`, type, ...more);
    const regionOf = ({ answers }: Dug): string =>
      REGIONS.find(({ addresses = [] }) => answers.some((line) => addresses.some((one) => line.endsWith(` ${one}`))))?.name ?? "none";
    const sent = async (network: string): Promise<string> => regionOf(await ask("A", `+subnet=${network}`));
    async function until(what: string, holds: () => Promise<boolean>, withinMs: number): Promise<void> {
      for (const deadline = performance.now() + withinMs; !(await holds()); await pause(100))
        if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    }

    beforeAll(async () => {
      mesh.down();
      server = await openServer(name, mesh);
      await until("it answers", async () => (await ask("A")).status === "NOERROR", 20_000);
    });
    afterAll(() => server.close());

    test("each network is sent to what is near it, however they are mixed and repeated", async () => {
      for (let round = 0; round < 3; round += 1)
        for (const [network, region] of NEAR) expect([network, await sent(network)]).toEqual([network, region]);
    });
    test("the answer holds for the network that it was made for and no wider one; without a subnet there is none in it", async () => {
      for (const [network] of NEAR) {
        const [address, source, scope] = (await ask("A", `+subnet=${network}`)).subnet?.split("/") ?? [];
        expect(`${address}/${source}`).toBe(network);
        // gdnsd unites neighbours that go the same way, so its scopes are wide; but never so wide that others fall into them.
        expect(Number(scope)).toBeGreaterThan(0);
        const others = NEAR.filter(([other]) => other !== network).map(([other]) => bitsOf(other));
        expect(others.some((bits) => bits.startsWith(bitsOf(network).slice(0, Number(scope))))).toBe(false);
      }
      expect((await ask("A")).subnet).toBeUndefined();
    });
    test("IPv6 addresses, and IPv6 clients", async () => {
      expect(regionOf(await ask("AAAA", `+subnet=${NEAR[2]![0]}`))).toBe("ap");
      expect(regionOf(await ask("A", "+subnet=2001:db8:aaaa::/48"))).toBe("eu");
    });
    test("over TCP the same", async () => {
      expect(regionOf(await ask("A", "+tcp", `+subnet=${NEAR[1]![0]}`))).toBe("eu");
    });
    test("a region's own name is never steered; customers' names lead to the steered one", async () => {
      expect(regionOf(await dig(server.port, `eu.gw.${ZONE}`, "A", `+subnet=${NEAR[0]![0]}`))).toBe("eu");
      const customer = await dig(server.port, `acme.${ZONE}`, "A", `+subnet=${NEAR[2]![0]}`);
      expect(customer.answers[0]).toBe(`acme.${ZONE}. CNAME gw.${ZONE}.`);
      // gdnsd leaves it to the resolver to ask on.
      expect(regionOf(customer)).toBe(name === "gdnsd" ? "none" : "ap");
    });
    test("SOA and NS; what does not exist is denied with the SOA, what is not ours is refused", async () => {
      expect((await dig(server.port, ZONE, "SOA")).answers[0]).toContain(`${ZONE}. SOA ns1.${ZONE}.`);
      expect((await dig(server.port, ZONE, "NS")).answers).toEqual([`${ZONE}. NS ns1.${ZONE}.`]);
      for (const [asked, type, status] of [
        [`nowhere.${ZONE}`, "A", "NXDOMAIN"],
        [`us.gw.${ZONE}`, "TXT", "NOERROR"],
      ] as const) {
        const { status: found, answers, authorities } = await dig(server.port, asked, type);
        expect([found, answers, authorities[0]?.split(" ").slice(0, 2)]).toEqual([status, [], [`${ZONE}.`, "SOA"]]);
      }
      expect((await dig(server.port, "example.org", "A")).status).toBe("REFUSED");
    });
    test("the letters come back in the case in which they were asked", async () => {
      expect((await dig(server.port, `gW.cHaT.tESt`, "A")).answers.some((line) => line.startsWith("gW.cHaT.tESt. "))).toBe(true);
    });
    test("a region that dies is named to nobody; when all are down the answer is as if all were up", async () => {
      const all = async (): Promise<readonly string[]> => Promise.all(NEAR.map(([network]) => sent(network)));
      mesh.down("eu");
      await until("nobody is sent to eu", async () => !(await all()).includes("eu"), server.changedWithinMs + 2_000);
      for (let i = 0; i < 10; i += 1) expect(await all()).not.toContain("eu");
      mesh.down("us", "eu", "ap");
      await until("each goes to what is near", async () => (await all()).join() === "us,eu,ap", server.changedWithinMs + 2_000);
      mesh.down();
    });
  });
}

test("the records that say ports, as dig reads them", async () => {
  if (lacking("embedded").length > 0) return;
  const mesh = new Mesh();
  mesh.down();
  const server = await openServer("embedded", mesh);
  try {
    expect((await dig(server.port, `us.gw.${ZONE}`, "HTTPS")).answers).toEqual([`us.gw.${ZONE}. HTTPS 1 . port=443`]);
    const listed = (await dig(server.port, `_atoll.gw.${ZONE}`, "SVCB", `+subnet=${NEAR[2]![0]}`)).answers;
    expect(listed.map((line) => line.split(" ").slice(2, 4).join(" "))).toEqual([
      `1 ap.gw.${ZONE}.`,
      `2 eu.gw.${ZONE}.`,
      `3 us.gw.${ZONE}.`,
    ]);
  } finally {
    await server.close();
  }
});
