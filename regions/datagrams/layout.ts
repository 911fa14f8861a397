/** The memory that batches of datagrams are in: `struct mmsghdr`, `iovec`, `sockaddr`, `epoll_event` of Linux on 64 bits, little end first. */

/** Datagrams at once. */
export const MOST = 64;
/** A query is shorter; a longer datagram is none. */
const QUESTION_BYTES = 4_096;
/** More than the longest answer by UDP. */
const ANSWER_BYTES = 1_280;
const NAME_BYTES = 32;
const MESSAGE_BYTES = 64;
const VECTOR_BYTES = 16;
/** Within `mmsghdr`. */
const AT = { name: 0, nameBytes: 8, vector: 16, vectors: 24, flags: 48, length: 56 } as const;
const MSG_TRUNC = 0x20;
const EPOLLIN = 1;
const EPOLLEXCLUSIVE = 2 ** 28;
const AF_INET = 2;

const SIZES = {
  received: MOST * MESSAGE_BYTES,
  sent: MOST * MESSAGE_BYTES,
  receivedVectors: MOST * VECTOR_BYTES,
  sentVectors: MOST * VECTOR_BYTES,
  names: MOST * NAME_BYTES,
  event: 16,
  option: 16,
  length: 16,
  name: NAME_BYTES,
  questions: MOST * QUESTION_BYTES,
  answers: MOST * ANSWER_BYTES,
};
type Part = keyof typeof SIZES;
const starts: Partial<Record<Part, number>> = {};
let bytes = 0;
for (const part of Object.keys(SIZES) as Part[]) {
  starts[part] = bytes;
  bytes += SIZES[part];
}
const START = starts as Readonly<Record<Part, number>>;

/** Over `memory`, which is at `address` and stays there. */
export function layOut(memory: Buffer, address: bigint) {
  const at = (part: Part, offset = 0): bigint => address + BigInt(START[part] + offset);
  const words = new Uint32Array(memory.buffer, memory.byteOffset, bytes / 4);
  const word = (part: Part, offset: number): number => (START[part] + offset) / 4;
  memory.fill(0, 0, bytes);
  for (let i = 0; i < MOST; i += 1) {
    const vectors = [
      ["received", "receivedVectors", at("questions", i * QUESTION_BYTES), QUESTION_BYTES],
      ["sent", "sentVectors", at("answers", i * ANSWER_BYTES), 0],
    ] as const;
    for (const [message, vector, data, length] of vectors) {
      memory.writeBigUInt64LE(at(vector, i * VECTOR_BYTES), START[message] + i * MESSAGE_BYTES + AT.vector);
      memory.writeBigUInt64LE(1n, START[message] + i * MESSAGE_BYTES + AT.vectors);
      memory.writeBigUInt64LE(data, START[vector] + i * VECTOR_BYTES);
      memory.writeBigUInt64LE(BigInt(length), START[vector] + i * VECTOR_BYTES + 8);
    }
    memory.writeBigUInt64LE(at("names", i * NAME_BYTES), START.received + i * MESSAGE_BYTES + AT.name);
  }
  const nameOf = Array.from({ length: MOST }, (_, i) => {
    const name = at("names", i * NAME_BYTES);
    return { low: Number(name & 0xffff_ffffn), high: Number(name >> 32n) };
  });
  const slice = (part: Part, offset: number, length: number): Buffer =>
    memory.subarray(START[part] + offset, START[part] + offset + length);
  const ipv4 = Array.from({ length: MOST }, (_, i) => slice("names", i * NAME_BYTES + 4, 4));
  const ipv6 = Array.from({ length: MOST }, (_, i) => slice("names", i * NAME_BYTES + 8, 16));
  /** IPv4 by a socket of IPv6 is the IPv4 that it is. */
  const mapped = Array.from({ length: MOST }, (_, i) => slice("names", i * NAME_BYTES + 20, 4));
  const isMapped = (name: Buffer): boolean => name[10] === 0xff && name[11] === 0xff && name.subarray(0, 10).every((byte) => byte === 0);

  return {
    questions: at("received"),
    answers: (from: number): bigint => at("sent", from * MESSAGE_BYTES),
    event: at("event"),
    asked: { option: at("option"), length: at("length"), name: at("name") },

    /** Of a value that is asked for. */
    expect: (length: number): void => void memory.writeUInt32LE(length, START.length),
    optionRead: (): number => memory.readUInt32LE(START.option),
    portRead: (): number => memory.readUInt16BE(START.name + 2),
    /** What is waited for: a datagram, by one of those who wait. */
    wanted(): bigint {
      memory.writeUInt32LE(EPOLLIN + EPOLLEXCLUSIVE, START.event);
      return at("event");
    },

    /** Before each receipt: the kernel writes how long a name is over how long it may be. */
    clear(): void {
      for (let i = 0; i < MOST; i += 1) words[word("received", i * MESSAGE_BYTES + AT.nameBytes)] = NAME_BYTES;
    },
    /** Undefined: longer than any query. It is overwritten by the next receipt, as is whom it is from. */
    question(i: number): Buffer | undefined {
      if ((words[word("received", i * MESSAGE_BYTES + AT.flags)]! & MSG_TRUNC) !== 0) return undefined;
      return slice("questions", i * QUESTION_BYTES, words[word("received", i * MESSAGE_BYTES + AT.length)]!);
    },
    from(i: number): Buffer {
      if (memory.readUInt16LE(START.names + i * NAME_BYTES) === AF_INET) return ipv4[i]!;
      return isMapped(ipv6[i]!) ? mapped[i]! : ipv6[i]!;
    },
    /** The answer to question `i`, as the `nth` to be sent. */
    keep(nth: number, i: number, answer: Buffer): void {
      if (answer.length > ANSWER_BYTES) throw new Error(`an answer by UDP of ${answer.length} bytes`);
      memory.set(answer, START.answers + nth * ANSWER_BYTES);
      words[word("sentVectors", nth * VECTOR_BYTES + 8)] = answer.length;
      words[word("sent", nth * MESSAGE_BYTES + AT.name)] = nameOf[i]!.low;
      words[word("sent", nth * MESSAGE_BYTES + AT.name + 4)] = nameOf[i]!.high;
      words[word("sent", nth * MESSAGE_BYTES + AT.nameBytes)] = words[word("received", i * MESSAGE_BYTES + AT.nameBytes)]!;
    },
  };
}
/** How much memory it takes. */
layOut.bytes = bytes;
