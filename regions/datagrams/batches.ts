/**
 * Many datagrams from the kernel at once, and many answers to it: `recvmmsg` and `sendmmsg` of Linux, which Node does not know (ADR 17). On a UDP
 * socket that Node has bound and goes on watching: when a datagram has come by Node's way, more are likely to wait, or to come while these are
 * answered. All memory is one block that is never given back, laid out as Linux on 64 bits has it.
 */
import { readdirSync, readlinkSync } from "node:fs";
import { endianness } from "node:os";
import koffi from "koffi";
import type { Batches } from "../../geodns/dns-server.ts";
import { layOut, MOST } from "./layout.ts";

const libc = koffi.load(null);
// Pointers are numbers here: an object would be copied there and not back.
const calls = {
  receive: libc.func("int recvmmsg(int socket, uintptr_t messages, unsigned int most, int flags, uintptr_t timeout)"),
  send: libc.func("int sendmmsg(int socket, uintptr_t messages, unsigned int count, int flags)"),
  openWatch: libc.func("int epoll_create1(int flags)"),
  watch: libc.func("int epoll_ctl(int watch, int action, int socket, uintptr_t event)"),
  wait: libc.func("int epoll_wait(int watch, uintptr_t events, int most, int timeoutMs)"),
  name: libc.func("int getsockname(int socket, uintptr_t name, uintptr_t length)"),
  option: libc.func("int getsockopt(int socket, int level, int option, uintptr_t value, uintptr_t length)"),
};
const MSG_DONTWAIT = 0x40;
const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
/** The process's other work (what it is told, TCP) waits at most so long. */
const RUN_MS = 5;
const WAIT_MS = 1;

/** Whether memory is laid out here as it is described here. */
const isKnown = (): boolean => process.platform === "linux" && ["x64", "arm64"].includes(process.arch) && endianness() === "LE";

/** Node does not tell which descriptor a socket has; the system does, by the port. */
function descriptorOf(port: number, memory: ReturnType<typeof layOut>): number | undefined {
  const sockets = readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false; // the one that this very list was read by
    }
  });
  return sockets.map(Number).find((fd) => {
    const { option, length, name } = memory.asked;
    memory.expect(4);
    if (calls.option(fd, 1, 3, option, length) !== 0 || memory.optionRead() !== 2) return false; // SOL_SOCKET, SO_TYPE; SOCK_DGRAM
    memory.expect(28);
    return calls.name(fd, name, length) === 0 && memory.portRead() === port;
  });
}

/** Of processes that wait for one socket each datagram wakes one: the others go on waiting, and who is awake has larger batches. */
function watchOf(fd: number, memory: ReturnType<typeof layOut>): number | undefined {
  const watch = calls.openWatch(EPOLL_CLOEXEC) as number;
  return watch >= 0 && calls.watch(watch, EPOLL_CTL_ADD, fd, memory.wanted()) === 0 ? watch : undefined;
}

/** For the one UDP socket of this process that is bound to `port`. Undefined where that cannot be had. */
export function openBatches(port: number): Batches | undefined {
  if (!isKnown()) return undefined;
  const bytes = layOut.bytes;
  const address = koffi.alloc("uint8_t", bytes) as bigint;
  const memory = layOut(Buffer.from(koffi.view(address, bytes)), address);
  const fd = descriptorOf(port, memory);
  const watch = fd === undefined ? undefined : watchOf(fd, memory);
  if (fd === undefined || watch === undefined) return undefined;

  /** What cannot be sent is lost like any datagram. */
  function send(count: number): void {
    for (let sent = 0; sent < count; ) {
      const more = calls.send(fd, memory.answers(sent), count - sent, MSG_DONTWAIT) as number;
      sent += more > 0 ? more : 1;
    }
  }
  return {
    run: (answer) => {
      const untilMs = performance.now() + RUN_MS;
      do {
        memory.clear();
        const got = calls.receive(fd, memory.questions, MOST, MSG_DONTWAIT, 0) as number;
        if (got <= 0) {
          if ((calls.wait(watch, memory.event, 1, WAIT_MS) as number) <= 0) return;
          continue;
        }
        let count = 0;
        for (let i = 0; i < got; i += 1) {
          const message = memory.question(i);
          const said = message === undefined ? undefined : answer(message, memory.from(i));
          if (said === undefined) continue;
          memory.keep(count, i, said);
          count += 1;
        }
        if (count > 0) send(count);
      } while (performance.now() < untilMs);
    },
  };
}
