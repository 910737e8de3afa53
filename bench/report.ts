import { renderTable } from '../cli/print/table.ts';
import type { Machine } from './machine.ts';
import type { BenchRow } from './row.ts';
import { verdictOf } from './verdict.ts';

/** The figures as a table that fits 80 columns, then what a reader must know. */
export function renderReport(
  machine: Machine,
  rows: readonly BenchRow[],
  width?: number | undefined,
): readonly string[] {
  const { lines, hidden } = renderTable({
    columns: [
      { title: 'path' },
      { title: 'ours', align: 'right' },
      { title: 'floor', align: 'right' },
      { title: 'ratio', align: 'right' },
      { title: 'bar', align: 'right' },
      { title: 'verdict' },
      { title: 'rows', align: 'right' },
      { title: 'checksum' },
    ],
    rows: rows.map((row) => [
      `${row.path}, ${row.unit}`,
      figure(row.ours, row),
      figure(row.floor, row),
      row.ratio.toFixed(2),
      row.bar?.toFixed(2) ?? '-',
      verdictOf(row),
      counts.format(row.rows),
      row.checksum,
    ]),
    width,
  });
  const notes = rows.flatMap(({ path, note }) => (note === undefined ? [] : [`${path}: ${note}`]));
  return [
    machineLine(machine),
    '',
    ...lines,
    '',
    ...(hidden.length > 0 ? [`no room for: ${hidden.join(', ')}`] : []),
    ...notes,
    closingLine(rows),
  ];
}

function machineLine({ cores, node, duckdb, load }: Machine): string {
  return `${cores} cores, Node ${node}, DuckDB ${duckdb}; load before: ${load.toFixed(1)}`;
}

/** Times need digits after the point, sizes and rates do not. */
function figure(value: number, { unit }: BenchRow): string {
  if (Number.isNaN(value)) return '?';
  return unit === 's' || unit === 's/M rows' ? value.toFixed(2) : counts.format(value);
}

const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function closingLine(rows: readonly BenchRow[]): string {
  const bars = rows.filter(({ bar }) => bar !== undefined).length;
  const missed = rows.filter((row) => verdictOf(row) === 'misses').map(({ path }) => path);
  const different = rows.filter((row) => verdictOf(row) === 'differs').map(({ path }) => path);
  return [
    missed.length > 0 ? `missed: ${missed.join(', ')}` : `${bars} of ${bars} bars passed`,
    ...(different.length > 0 ? [`results differ: ${different.join(', ')}`] : []),
  ].join('; ');
}
