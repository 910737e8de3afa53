import type { Column } from '../../core/schema.ts';

/** A column of texts: what they can be read as without losing anything. */
export interface Guess {
  readonly column: Pick<Column, 'type' | 'format'>;
  /** What a person should know about the guess. */
  readonly warning?: string;
}

/** Names of things that are written in digits and are no numbers. */
const codes =
  /(^|_)(zip|postal|postcode|plz|phone|tel|mobile|fax|fips|iban|account_?(no|number)|ssn|ean|isbn)(_|$)/;
const integer = /^-?(?:0|[1-9]\d*)$/;
const decimal = /^-?(?:0|[1-9]\d*)?(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Zeros in front are part of a code, and a plus in front is part of a phone number. */
const code = /^(?:\+\d+|-?0\d+)$/;

const time = '([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?';
const date = '\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])';
const shapes: readonly (readonly [Column['type'], RegExp])[] = [
  ['BOOLEAN', /^(?:true|false)$/i],
  ['DATE', new RegExp(`^${date}$`)],
  ['TIMESTAMP', new RegExp(`^${date}[T ]${time} ?(Z|UTC|[+-]\\d{2}(:?\\d{2})?)$`)],
  ['DATETIME', new RegExp(`^${date}[T ]${time}$`)],
  ['TIME', new RegExp(`^${time}$`)],
];

/** Days that are not written as ISO says, with the order of their parts. */
const written: readonly (readonly [RegExp, format: string])[] = [
  [/^\d{1,2}\/\d{1,2}\/\d{4}$/, '/'],
  [/^\d{1,2}-\d{1,2}-\d{4}$/, '-'],
  [/^\d{1,2}\.\d{1,2}\.\d{4}$/, '.'],
];
const monthName = /^[A-Z][a-z]{2} \d{1,2} \d{4}$/;

const int64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/**
 * The type of a column of texts. Only what all values agree on counts, and what would be lost is not tried: zeros in front
 * of zip codes, the plus of phone numbers.
 *
 * @param name legal name of the column: some names say that digits are no number
 * @param values without NULLs
 */
export function guessText(name: string, values: readonly string[]): Guess {
  const texts = { column: { type: 'STRING' } } as const;
  if (values.length === 0)
    return { ...texts, warning: `column "${name}" is empty in the part that was read` };
  if (values.every((value) => decimal.test(value) && /\d/.test(value))) {
    if (codes.test(name) || values.some((value) => code.test(value))) return texts;
    const isWhole = values.every((value) => integer.test(value));
    if (isWhole && values.every((value) => isInt64(BigInt(value)))) return { column: { type: 'INTEGER' } };
    return isWhole ? texts : { column: { type: 'FLOAT' } };
  }
  const shape = shapes.find(([, pattern]) => values.every((value) => pattern.test(value)));
  if (shape !== undefined) return { column: { type: shape[0] } };
  if (values.every((value) => monthName.test(value))) return { column: { type: 'DATE', format: '%b %d %Y' } };
  const day = written.find(([pattern]) => values.every((value) => pattern.test(value)));
  return day === undefined ? texts : guessDay(name, values, day[1]);
}

function isInt64(value: bigint): boolean {
  return value >= int64[0] && value <= int64[1];
}

/** 03/04/2026 is in March or in April; a part above 12 somewhere tells. */
function guessDay(name: string, values: readonly string[], between: string): Guess {
  const parts = values.map((value) => value.split(between).map(Number));
  const mayBeMonth = (index: number) => parts.every((each) => (each[index] ?? 0) <= 12);
  const [first, second] = [mayBeMonth(0), mayBeMonth(1)];
  const format = (order: string) =>
    order
      .split('')
      .map((part) => `%${part}`)
      .join(between);
  if (first && !second) return { column: { type: 'DATE', format: format('mdY') } };
  // Nobody writes the month first and puts dots.
  if (second && (!first || between === '.')) return { column: { type: 'DATE', format: format('dmY') } };
  return {
    column: { type: 'STRING' },
    warning: `column "${name}" holds days whose month cannot be told from their day, such as "${values[0]}"; set type DATE and format ${format('mdY')} or ${format('dmY')}`,
  };
}
