/** Shared pages of one process. */
import { LRUCache } from "lru-cache";
import type { SharedPages } from "../../core/ports/shared-pages.ts";

const LARGEST_CHARS = 1_000_000;

export function openMemoryPages(): SharedPages {
  const kept = new LRUCache<string, string>({ max: 1_000 });
  return {
    get: async (name) => kept.get(name),
    put: (name, text) => void (text.length <= LARGEST_CHARS && kept.set(name, text)),
  };
}
