/**
 * `nodetool tablehistograms` in numbers (X2): how large the partitions of a table are, how many cells they hold, how many sstables a read touches and
 * how long reads and writes take on that node. The columns are found by their names, so another order or one more does no harm.
 */

/** At each percentile that nodetool tells, the least and the greatest. */
export interface Distribution {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}
export interface TableHistograms {
  readonly keyspace: string;
  readonly table: string;
  readonly readMicros: Distribution;
  readonly writeMicros: Distribution;
  readonly sstables: Distribution;
  readonly partitionBytes: Distribution;
  readonly cellCount: Distribution;
}

const COLUMNS = {
  "Read Latency": "readMicros",
  "Write Latency": "writeMicros",
  SSTables: "sstables",
  "Partition Size": "partitionBytes",
  "Cell Count": "cellCount",
} as const;
const ROWS = { "50%": "p50", "95%": "p95", "99%": "p99", Min: "min", Max: "max" } as const;

/** Undefined where the text is not what nodetool says of a table; a table without any data gives NaN. */
export function parseTableHistograms(text: string): TableHistograms | undefined {
  const [, keyspace, table] = /^(\S+)\/(\S+) histograms$/m.exec(text) ?? [];
  const head = text.split("\n").find((line) => line.startsWith("Percentile"));
  if (keyspace === undefined || table === undefined || head === undefined) return undefined;
  const names = [...head.matchAll(/Read Latency|Write Latency|SSTables|Partition Size|Cell Count|\S+/g)].map(([name]) => name).slice(1);
  const found: Record<string, Record<string, number>> = {};
  for (const line of text.split("\n")) {
    const [label = "", ...cells] = line.trim().split(/\s+/);
    const row = ROWS[label as keyof typeof ROWS];
    if (row === undefined) continue;
    for (const [place, name] of names.entries()) {
      const column = COLUMNS[name as keyof typeof COLUMNS];
      if (column !== undefined) (found[column] ??= {})[row] = Number(cells[place]);
    }
  }
  const whole = Object.values(COLUMNS).every((column) => Object.values(ROWS).every((row) => found[column]?.[row] !== undefined));
  return whole ? ({ keyspace, table, ...found } as unknown as TableHistograms) : undefined;
}

const METRICS = {
  partitionBytes: ["atoll_store_partition_bytes", "Size of a table's partitions."],
  cellCount: ["atoll_store_partition_cells", "Cells of a table's partitions."],
  sstables: ["atoll_store_read_sstables", "Sstables that a read of the table touches."],
  readMicros: ["atoll_store_table_read_microseconds", "A read of the table on its node."],
  writeMicros: ["atoll_store_table_write_microseconds", "A write of the table on its node."],
} as const;
const QUANTILES = { p50: "0.5", p95: "0.95", p99: "0.99", max: "1" } as const;

/** The same as Prometheus' text format, for a textfile collector. What nodetool has no number for is left out. */
export function histogramMetrics(all: readonly TableHistograms[]): string {
  const lines = Object.entries(METRICS).flatMap(([column, [name, help]]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...all.flatMap((one) =>
      Object.entries(QUANTILES).flatMap(([row, quantile]) => {
        const value = one[column as keyof typeof METRICS][row as keyof Distribution];
        return Number.isFinite(value) ? [`${name}{keyspace="${one.keyspace}",table="${one.table}",quantile="${quantile}"} ${value}`] : [];
      }),
    ),
  ]);
  return `${lines.join("\n")}\n`;
}
