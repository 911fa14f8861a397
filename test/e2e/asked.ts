/** What a name server says to a client's network, as a resolver that forwards it would ask (RFC 7871). */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import packet from "dns-packet";

async function answersTo(port: number, question: packet.Question, options: readonly object[]): Promise<readonly packet.Answer[]> {
  const socket = createSocket("udp4");
  const opt = { type: "OPT", name: ".", udpPayloadSize: 1_232, options } as unknown as packet.OptAnswer;
  try {
    socket.send(packet.encode({ type: "query", id: 7, questions: [question], additionals: [opt] }), port, "127.0.0.1");
    const [bytes] = (await once(socket, "message", { signal: AbortSignal.timeout(1_000) })) as [Buffer];
    return packet.decode(bytes).answers ?? [];
  } finally {
    socket.close();
  }
}

/** The region that `gw.<zone>` leads to for this network; "nobody" where the answer names none. Rejects when nobody answers. */
export async function steeredTo(port: number, zone: string, ip: string): Promise<string> {
  const [first] = await answersTo(port, { type: "A", name: `gw.${zone}` }, [{ code: 8, ip, sourcePrefixLength: 24 }]);
  return first?.type === "CNAME" ? first.data.replace(`.gw.${zone}`, "") : "nobody";
}

/** Whether the name server has an address of this region. A datagram may be lost, and a busy machine be late: it is asked three times. */
export async function isNamed(port: number, zone: string, region: string): Promise<boolean> {
  const ask = (): Promise<readonly packet.Answer[]> => answersTo(port, { type: "A", name: `${region}.gw.${zone}` }, []);
  return (await ask().catch(ask).catch(ask)).some(({ type }) => type === "A");
}

export const NETWORKS = Array.from({ length: 64 }, (_, i) => `198.18.${i}.0`);
