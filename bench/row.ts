/** One line of the benchmark: a path through the kit beside its floor, measured in the same run. */
export interface BenchRow {
  /** What was measured, short. */
  readonly path: string;
  /** In `unit`, as is `floor`. */
  readonly ours: number;
  /** The bare tool's figure. For a size without a tool, the limit itself. */
  readonly floor: number;
  readonly unit: 's' | 'MiB' | 'kB' | 'rows' | 'rows/s' | 's/M rows';
  /** How many times the floor's cost ours is: above 1 is worse, whatever the unit. */
  readonly ratio: number;
  /** Rows, resources or starts that the figures are about. */
  readonly rows: number;
  /** Whether both made the same, by a hash of what they made; `n/a` where there is nothing to compare. */
  readonly checksum: 'equal' | 'differs' | 'n/a';
  /** Largest ratio that passes. Absent: the line informs and judges nothing. */
  readonly bar?: number;
  /** What a reader must know to read the line. */
  readonly note?: string;
}
