/**
 * Networks -> values, looked up by the longest prefix. A look-up also says how many bits of the address it hung on: all addresses that share
 * those bits find the same value. That is what the scope of an answer is made of (RFC 7871: never wider than what the answer hangs on).
 */
import type { Address, Network } from "./address.ts";

/** All nodes have all fields, so that the engine knows one shape only: a look-up costs half. */
interface Node<T> {
  zero: Node<T> | undefined;
  one: Node<T> | undefined;
  value: T | undefined;
}
const emptyNode = <T>(): Node<T> => ({ zero: undefined, one: undefined, value: undefined });
export interface Found<T> {
  readonly value: T | undefined;
  readonly bits: number;
}

export class PrefixTree<T> {
  readonly #ipv4: Node<T> = emptyNode();
  readonly #ipv6: Node<T> = emptyNode();

  static of<T>(entries: Iterable<readonly [Network, T]>): PrefixTree<T> {
    const tree = new PrefixTree<T>();
    for (const [network, value] of entries) tree.put(network, value);
    return tree;
  }

  put({ address, bits }: Network, value: T): void {
    let node = this.#rootOf(address);
    for (let i = 0; i < bits; i += 1) node = bitOf(address, i) === 0 ? (node.zero ??= emptyNode()) : (node.one ??= emptyNode());
    node.value = value;
  }

  /** What hangs only on an address being of IPv4 or of IPv6 hangs on one bit: a scope of none would hold for both. */
  find(address: Address): Found<T> {
    const found = this.#find(address);
    if (found.bits > 0 || (isEmpty(this.#ipv4) && isEmpty(this.#ipv6))) return found;
    return { value: found.value, bits: 1 };
  }

  #find(address: Address): Found<T> {
    let node: Node<T> | undefined = this.#rootOf(address);
    let value = node.value;
    let bits = 0;
    for (const all = address.length * 8; bits < all; bits += 1) {
      if (node.zero === undefined && node.one === undefined) break;
      node = bitOf(address, bits) === 0 ? node.zero : node.one;
      if (node === undefined) return { value, bits: bits + 1 };
      if (node.value !== undefined) value = node.value;
    }
    return { value, bits };
  }

  #rootOf(address: Address): Node<T> {
    return address.length === 4 ? this.#ipv4 : this.#ipv6;
  }
}

const isEmpty = ({ zero, one, value }: Node<unknown>): boolean => zero === undefined && one === undefined && value === undefined;
const bitOf = (address: Address, at: number): number => (address[at >> 3]! >> (7 - (at & 7))) & 1;
