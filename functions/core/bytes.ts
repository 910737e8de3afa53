/**
 * How rows travel as bytes that nobody parses on the way. All are UTF-8, without a header, one row per record.
 *
 * - `csv`: comma, double quotes (doubled inside), `\n`. NULL is `\N` without quotes; an empty text is `""` or nothing.
 *   A text that reads `\N` is quoted. What PostgreSQL writes with `COPY … (FORMAT csv, NULL '\N')`.
 * - `tsv`: tab, `\n`, backslash escapes (`\b`, `\t`, `\n`, `\v`, `\f`, `\r`, `\\`); NULL is `\N`. PostgreSQL's COPY text format, which
 *   ClickHouse calls TabSeparated.
 * - `pgcopy`: PostgreSQL's binary COPY format with its signature and trailer.
 *
 * Cells of `csv` and `tsv` are in one canonical text form, whatever the source:
 *
 * | column | text | PostgreSQL type in `pgcopy` |
 * |---|---|---|
 * | STRING | as it is | text |
 * | INTEGER | decimal digits | int8 |
 * | FLOAT | shortest digits that give the same number; `NaN`, `Infinity`, `-Infinity` | float8 |
 * | NUMERIC, BIGNUMERIC | decimal digits, no exponent | numeric |
 * | BOOLEAN | `t` or `f` | bool |
 * | DATE | `YYYY-MM-DD` | date |
 * | TIME | `HH:MM:SS[.ffffff]` | time |
 * | DATETIME | `YYYY-MM-DD HH:MM:SS[.ffffff]` | timestamp |
 * | TIMESTAMP | the same in UTC, no zone | timestamptz |
 * | BYTES | lower-case hexadecimal digits, no prefix | bytea |
 * | JSON, RECORD, anything REPEATED | JSON | jsonb |
 *
 * Inside the JSON of a RECORD or a list, integers and floats are numbers, decimals and times are text as above (a reader
 * may round numbers), and bytes are base64.
 */
export const byteFormats = ['csv', 'tsv', 'pgcopy'] as const;

export type ByteFormat = (typeof byteFormats)[number];

/** Rows of one table, ready to be piped. Streams of one batch may be read side by side. */
export interface ByteStream {
  /** Formats that the source can write. Every source writes csv. */
  readonly formats: readonly ByteFormat[];
  /** Names of schema columns in the order of the fields. Columns that are left out are NULL. */
  readonly columns: readonly string[];
  /**
   * Columns whose cells are made from the same type in the source, so that a reader may skip the look at their text:
   * INTEGER, BOOLEAN, BYTES and JSON are canonical for sure; moments, times and decimals are, or they are values out of
   * range (infinite, before year 1, negative times), which no parser takes for another value.
   */
  readonly exact?: ExactColumns | undefined;
  /**
   * Starts to read. A second call gives the same rows again: a warehouse that cannot take the bytes as they are
   * reads them once more through the checked reader.
   */
  open(format: ByteFormat): ByteRead;
}

/** By name. A decimal says how many digits it has in all and behind the point; other types say `true`. */
export type ExactColumns = Readonly<
  Record<string, true | { readonly precision: number; readonly scale: number }>
>;

export interface ByteRead {
  /** Bytes, cut anywhere. Leaving the loop early ends the reading at the source. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Rows as the source counted them, once the chunks have ended; undefined when it cannot tell. */
  rows(): number | undefined;
}
