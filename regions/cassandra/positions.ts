/** What a shard's projection has brought, as the cluster has it: one partition a shard, one row an origin, the rest beside them. */
import type { Held, HeldNow } from "../../core/ports/history-store.ts";
import type { Point } from "../../core/position.ts";
import { formatPoint, parsePoint } from "../../core/position.ts";
import type { Session, Statement } from "./session.ts";

const SELECT = "SELECT origin, point, series, change, settled, life, WRITETIME(change) AS written FROM positions WHERE shard = ?";
const NOTE = "INSERT INTO positions (shard, series, change, settled, life) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
const POINT = "INSERT INTO positions (shard, origin, point) VALUES (?, ?, ?) USING TIMESTAMP ?";

export class Positions {
  readonly #session: Session;
  readonly #nowMs: () => number;
  /** What was acknowledged may be gone. */
  readonly #lost: () => void;
  /** Host -> generation of its process. A server that cannot be asked keeps the one it had. */
  readonly #generations = new Map<string, string>();
  /** Of the row as it stands: a clock that was set back must not write below it. */
  #written = 0n;
  #noted = new Map<string, number>();

  constructor(session: Session, nowMs: () => number, lost: () => void) {
    this.#session = session;
    this.#nowMs = nowMs;
    this.#lost = lost;
  }

  async held(shard: string): Promise<HeldNow> {
    const before = this.#life();
    const [rows] = await Promise.all([this.#session.readSafely(SELECT, [shard]), this.#askLives()]);
    const life = this.#life();
    const [first] = rows;
    if (first?.["written"] != null) this.#written = BigInt(first["written"]);
    const change = first === undefined ? 0 : Number(first["change"]);
    if ((before !== "" && before !== life) || change < (this.#noted.get(shard) ?? 0)) this.#lost();
    this.#noted.set(shard, change);
    if (first === undefined) return { held: undefined, life };
    const applied: Record<string, Point> = {};
    for (const { origin, point } of rows) {
      const parsed = point === null ? undefined : parsePoint(String(point));
      if (parsed !== undefined) applied[String(origin)] = parsed;
    }
    return {
      held: { series: String(first["series"]), change, settled: Number(first["settled"]), life: String(first["life"]), applied },
      life,
    };
  }

  async hold(shard: string, { series, change, settled, life, applied }: Held): Promise<void> {
    const now = BigInt(Math.floor(this.#nowMs())) * 1_000n;
    const stamped = now > this.#written ? now : this.#written + 1n;
    this.#written = stamped;
    const statements: Statement[] = [
      { query: NOTE, values: [shard, series, BigInt(change), BigInt(settled), life, stamped] },
      ...Object.entries(applied).map(([origin, point]) => ({ query: POINT, values: [shard, origin, formatPoint(point), stamped] })),
    ];
    await this.#session.writeTogether(statements);
    this.#noted.set(shard, change);
  }

  async #askLives(): Promise<void> {
    for (const row of await this.#session.askEach("SELECT host_id, gossip_generation FROM system.local"))
      this.#generations.set(String(row["host_id"]), String(row["gossip_generation"]));
  }

  #life(): string {
    return [...this.#generations]
      .map(([host, generation]) => `${host.slice(0, 8)}:${generation}`)
      .sort()
      .join(" ");
  }
}
