import { nameColumns } from './column-names.ts';
import type { FoundColumn, TableDescription } from './inspect.ts';
import type { Column } from './schema.ts';
import { systemColumns } from './schema.ts';

/** The schema type that holds every value of a type of the database. */
export interface Mapped {
  readonly type: Exclude<Column['type'], 'RECORD'>;
  readonly mode?: 'REPEATED';
  /** What a person should know, as the end of a sentence that begins with the column's name. */
  readonly warning?: string;
}

/** A column as its database describes it, mapped to the types of schema files. */
export interface MappedColumn {
  readonly name: string;
  readonly fullType: string;
  readonly isRequired: boolean;
  readonly comment?: string | undefined;
  readonly mapped: Mapped;
}

/** Puts together what all databases are described by: legal names, modes, the key, warnings. */
export function describeColumns(
  all: readonly MappedColumn[],
  { selected, key }: { readonly selected: readonly string[] | undefined; readonly key: readonly string[] },
): Pick<TableDescription, 'columns' | 'key' | 'warnings'> & { readonly read: readonly MappedColumn[] } {
  const names = nameColumns(
    all.map(({ name }) => name),
    systemColumns.map(({ name }) => name),
  );
  const named = all.map((column, index) => ({ ...column, legal: names[index] ?? column.name }));
  const read = named.filter(
    ({ name, legal }) => selected === undefined || selected.includes(name) || selected.includes(legal),
  );
  const columns = read.map(({ name, legal, fullType, isRequired, comment, mapped }): FoundColumn => {
    const mode = mapped.mode ?? (isRequired ? 'REQUIRED' : 'NULLABLE');
    return {
      column: {
        name: legal,
        type: mapped.type,
        mode,
        ...(comment ? { description: comment.slice(0, 1024) } : {}),
        ...(legal === name ? {} : { sourceName: name }),
        sourceType: declaredType(fullType),
      },
      sourceType: fullType,
    };
  });
  const legalKey = key.flatMap((name) => read.filter((each) => each.name === name).map(({ legal }) => legal));
  return {
    read,
    columns,
    key: legalKey.length === key.length ? legalKey : [],
    warnings: read.flatMap(({ legal, mapped }) =>
      mapped.warning === undefined ? [] : [`${legal} ${mapped.warning}`],
    ),
  };
}

/** A type as schema files keep it: an enumeration of a thousand words is told apart by its first ones. */
export function declaredType(fullType: string): string {
  return fullType.slice(0, 200);
}

/** NUMERIC holds 29 digits before the point and 9 behind it, BIGNUMERIC 38 and 38. */
export function mapDecimal(precision: number | undefined, scale: number, word: string): Mapped {
  if (precision === undefined)
    return {
      type: 'BIGNUMERIC',
      warning: `is ${word} without a precision: BIGNUMERIC holds 38 digits on each side of the point, a longer one goes to quarantine; STRING holds all`,
    };
  const whole = precision - scale;
  if (scale <= 9 && scale >= 0 && whole <= 29) return { type: 'NUMERIC' };
  if (scale <= 38 && scale >= 0 && whole <= 38) return { type: 'BIGNUMERIC' };
  return { type: 'STRING', warning: `is ${word}(${precision},${scale}), which no numeric type holds` };
}
