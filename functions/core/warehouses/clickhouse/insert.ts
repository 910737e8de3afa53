import type { ExactColumns } from '../../bytes.ts';
import type { Column } from '../../schema.ts';
import type { Clickhouse, Statement } from './client.ts';
import type { InputColumn } from './input-columns.ts';
import { exactInput, inputColumn, parquetInput, plainInput } from './input-columns.ts';
import { ident, literal, names } from './names.ts';

export interface Insertion {
  /** The stage as SQL. */
  readonly into: string;
  /** The columns that the data has, in its order. */
  readonly columns: readonly Column[];
  /** Fills `_origin`; undefined when the data has it. */
  readonly origin?: string | undefined;
  /** Number of the insertion, one that no other has: `_copy` of its rows. */
  readonly copy: bigint;
  readonly format: 'TabSeparated' | 'CSV' | 'JSONEachRow' | 'Parquet';
  /** Of the columns in the data, for formats that name them. */
  readonly names?: readonly string[] | undefined;
  readonly body: string | AsyncIterable<Uint8Array>;
  /** The cells were looked at before they are sent: their types parse them, faster. @default false */
  readonly isPlain?: boolean | undefined;
  /** Columns whose cells need no look. */
  readonly exact?: ExactColumns | undefined;
  /** How this data is written otherwise. */
  readonly settings?: Readonly<Record<string, string | number>> | undefined;
  readonly what: string;
}

/** An empty text and NULL are told apart, and rows of another width are errors. */
const settings = {
  input_format_csv_empty_as_default: 0,
  input_format_csv_allow_variable_number_of_columns: 0,
  input_format_csv_trim_whitespaces: 0,
  input_format_tsv_empty_as_default: 0,
  input_format_skip_unknown_fields: 0,
  input_format_parquet_preserve_order: 1,
  format_csv_null_representation: '\\N',
  // The place of a row in its stream is its number, so one thread numbers them. With a second one blocks are sorted,
  // packed and written while the next are parsed and looked at; with one the server does all of it by turns.
  parallelize_output_from_storages: 0,
  max_insert_threads: 2,
  // No two rows of a stage have the same number, so there is nothing to replace among those of one block.
  optimize_on_insert: 0,
};

/**
 * Streams rows into a stage by one INSERT. They keep their order as `_row`.
 *
 * @throws the refusal of a cell that does not fit; some rows may be in the stage then
 */
export async function insertBytes(clickhouse: Clickhouse, insertion: Insertion): Promise<void> {
  const { into, columns, origin, copy, format, body, what } = insertion;
  const inputs = columns.map((column) => inputOf(insertion, column));
  const cells = columns.map((_, index) => ident(insertion.names?.[index] ?? `c${index}`));
  const structure = inputs.map(({ type }, index) => `${cells[index]} ${type}`).join(', ');
  const values = inputs.map(({ value }, index) => value(cells[index] ?? ''));
  const own = origin === undefined ? [] : [['_origin', literal(origin)] as const];
  const into_ = [...columns.map(({ name }) => name), ...own.map(([name]) => name), '_copy', '_row'];
  const made = [
    ...values,
    ...own.map(([, value]) => value),
    `toUInt128('${copy}')`,
    'rowNumberInAllBlocks()',
  ];
  const flaws = inputs.flatMap(({ isGood }, index) =>
    isGood === undefined ? [] : [`ifNull(NOT (${isGood(cells[index] ?? '')}), 0)`],
  );
  // A condition that all rows meet costs no copy of their texts, as a value made by `if` does.
  const where = flaws.length === 0 ? '' : `WHERE throwIf(${flaws.join(' OR ')}) = 0`;
  const statement: Statement = {
    what,
    sql: `INSERT INTO ${into} (${names(into_)}) SELECT ${made.join(', ')} FROM input(${literal(structure)}) ${where} FORMAT ${format}`,
    body,
    settings: {
      ...settings,
      ...insertion.settings,
      insert_deduplicate: 1,
      insert_deduplication_token: `${ident(into)}/${copy}`,
    },
    // The token makes the server drop what it has already.
    isRepeatable: true,
  };
  await clickhouse.run(statement);
}

function inputOf({ format, isPlain = false, exact = {} }: Insertion, column: Column): InputColumn {
  if (format === 'Parquet') return parquetInput(column);
  if (isPlain) return plainInput(column);
  return exact[column.name] === undefined ? inputColumn(column) : exactInput(column);
}
