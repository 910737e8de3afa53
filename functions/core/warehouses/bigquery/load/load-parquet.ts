import { fatal } from '../../../errors.ts';
import type { InspectedFile } from '../../../files/inspect-file.ts';
import { matchColumns } from '../../../files/match-columns.ts';
import type { TableField } from '../fields.ts';
import { shapeOf, tableField } from '../fields.ts';
import { anyPosition } from '../fill.ts';
import type { Bigquery } from '../jobs.ts';
import { ident } from '../names.ts';
import { createScratchTable } from '../pipe/raw-table.ts';
import { field, getTable } from '../tables.ts';
import { extraSql } from './extra-sql.ts';
import type { LoadedObjects, ObjectsRequest } from './load-job.ts';
import { loadUris } from './load-job.ts';
import { typedCell } from './typed-sql.ts';

/** Parquet names its columns and their types, so BigQuery makes the raw table's columns itself. */
export async function loadParquetObjects(
  bigquery: Bigquery,
  { target, files, newTable }: ObjectsRequest,
): Promise<readonly LoadedObjects[]> {
  const table = newTable();
  await createScratchTable(bigquery, { name: table, fields: [] });
  const { rows, bytes } = await loadUris(bigquery, {
    target,
    table,
    files,
    options: {
      sourceFormat: 'PARQUET',
      // Files of one table may have gained columns over time.
      schemaUpdateOptions: ['ALLOW_FIELD_ADDITION', 'ALLOW_FIELD_RELAXATION'],
      decimalTargetTypes: ['NUMERIC', 'BIGNUMERIC', 'STRING'],
      parquetOptions: { enableListInference: true },
      columnNameCharacterMap: 'V2',
    },
  });
  const [ref] = files;
  const found: TableField[] = ((await getTable(bigquery, table))?.schema.fields ?? []).map((each) =>
    field.parse(each),
  );
  if (ref === undefined) return [];
  const file: InspectedFile = { ref, where: target.name, bytes, compression: 'none', head: Buffer.alloc(0) };
  const matched = matchColumns(
    target,
    found.map(({ name }) => name),
    file,
  );
  const cells = matched.fields.flatMap(({ column, field: name }) => {
    const source = found.find((each) => each.name === name);
    if (source === undefined) return [];
    const value = `r.${ident(source.name)}`;
    const cell = typedCell(column, source, value);
    if (cell === undefined)
      throw fatal('bad-file', {
        where: target.name,
        what: `column "${source.name}" of ${ref.path} cannot become "${column.name}"`,
        got: shapeOf(source),
        allowed: shapeOf(tableField(column)),
        todo: `correct schemas/${target.schema}.json`,
      });
    const isScalar = source.fields === undefined && source.mode !== 'REPEATED';
    const shown = isScalar && source.type !== 'BYTES' ? `CAST(${value} AS STRING)` : 'CAST(NULL AS STRING)';
    return { ...cell, column: column.name, shown };
  });
  const strays = matched.unknown.map((name) => ({
    name,
    json: `TO_JSON_STRING(r.${ident(name)})`,
    isThere: `r.${ident(name)} IS NOT NULL`,
  }));
  const extra = extraSql(strays, `${table}_name`);
  const raw = { table, cells, extra: extra.sql, position: anyPosition, where: 'TRUE', params: extra.params };
  return [{ raw, rows, bytes, strays, isText: false }];
}
