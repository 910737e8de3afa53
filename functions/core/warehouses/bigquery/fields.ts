import { changeColumns } from '../../change.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import { systemColumns } from '../../schema.ts';

/** A column as BigQuery's tables describe it. */
export interface TableField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string | undefined;
  readonly description?: string | undefined;
  readonly fields?: readonly TableField[] | undefined;
}

/** The columns of a table as they stand in the warehouse: the schema file's, then the kit's own. */
export function allColumns(columns: readonly Column[]): readonly Column[] {
  return [...columns, ...systemColumns];
}

/** A column without the kit's own keys. */
export function tableField({ name, type, mode, description, fields }: Column): TableField {
  return {
    name,
    type,
    mode,
    ...(description === undefined ? {} : { description }),
    ...(fields === undefined ? {} : { fields: fields.map(tableField) }),
  };
}

/** Position of a row in its stage: of several rows with one key, the last one counts. */
export const rowColumn = '_catchment_row';

/** Columns of a stage: the table's, and those that say what changed when it takes changes. */
export function stagedColumns(
  target: Pick<TableTarget, 'columns' | 'key'>,
  hasChanges: boolean,
): readonly Column[] {
  return [...allColumns(target.columns), ...(hasChanges ? changeColumns(target) : [])];
}

/** Columns of a staging table. JSON waits as text, since a load job does not say how it reads a JSON string. */
export function stageFields(columns: readonly Column[]): readonly TableField[] {
  return [...columns.map(stageField), { name: rowColumn, type: 'INTEGER', mode: 'REQUIRED' }];
}

function stageField({ name, type, mode, fields }: Column): TableField {
  return {
    name,
    type: type === 'JSON' ? 'STRING' : type,
    mode: mode === 'REPEATED' ? 'REPEATED' : 'NULLABLE',
    ...(fields === undefined ? {} : { fields: fields.map(stageField) }),
  };
}

const spellings: Readonly<Record<string, string>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
};

/** Type and, for lists and records, shape: `INTEGER`, `REPEATED RECORD(a STRING, b DATE)`. Modes of other columns may differ. */
export function shapeOf({ type, mode, fields }: TableField): string {
  const name = spellings[type] ?? type;
  const inner = (fields ?? []).map((field) => `${field.name.toLowerCase()} ${shapeOf(field)}`);
  return `${mode === 'REPEATED' ? 'REPEATED ' : ''}${name}${inner.length > 0 ? `(${inner.join(', ')})` : ''}`;
}
