import { existsSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Cursor } from '../../functions/core/cursor.ts';
import { isCatchmentError } from '../../functions/core/errors.ts';
import type { PipelineTable, Transform } from '../../functions/core/pipeline.ts';
import { checkTable } from '../../functions/core/source.ts';
import { asMapping, checkShape } from './check-shape.ts';
import { didYouMean, type Path, type Report } from './mistake.ts';
import { checkSchemaFile } from './schemas.ts';
import { sqlName, transform as transformShape } from './shapes.ts';

export interface TransformsArgs {
  readonly value: unknown;
  readonly root: string;
  readonly sourceName: string;
  /** The tables that are loaded. */
  readonly tables: readonly PipelineTable[];
  /** Groups of the pipeline. */
  readonly groups: number;
  readonly path: Path;
  readonly report: Report;
}

/** A handler is given its SQL in a variable of its environment, of which all together may be 32 kB. */
const longestSql = 8000;

/** Tables that the warehouse computes after the others were loaded, in the order of the stack file. */
export function readTransforms({ value, path, report, ...args }: TransformsArgs): Transform[] {
  const entries = asMapping(value, path, report);
  const transforms: Transform[] = [];
  for (const [key, entry] of Object.entries(entries ?? {})) {
    const known = [
      ...args.tables.map(({ declared }) => declared),
      ...transforms.map(({ declared }) => declared),
    ];
    const found = readTransform(key, entry, known, { ...args, path: [...path, key], report });
    if (found !== undefined) transforms.push(found);
  }
  return transforms;
}

function readTransform(
  key: string,
  entry: unknown,
  known: readonly string[],
  { root, sourceName, groups, path, report }: Omit<TransformsArgs, 'value' | 'tables'>,
): Transform | undefined {
  checkShape(sqlName, key, path, report);
  const read = checkShape(transformShape, entry, path, report);
  if (known.some((name) => name.toLowerCase() === key.toLowerCase()))
    report({
      path,
      what: 'has the name of a table of this pipeline',
      got: key,
      todo: 'give it another name',
    });
  if (read === undefined) return undefined;
  for (const [index, name] of read.after.entries())
    if (!known.includes(name))
      report({
        path: [...path, 'after', index],
        what: 'is no table of this pipeline, and no transform before this one',
        got: name,
        allowed: known,
        todo: didYouMean(name, known),
      });
  if (read.watermark !== undefined && groups > 1)
    report({
      path: [...path, 'watermark'],
      what: 'would pass over rows that another group loads later',
      got: read.watermark,
      todo: 'leave it out: the transform reads everything then, or give each group a pipeline of its own',
    });
  const sql = readSql(root, read.sql, [...path, 'sql'], report);
  if (sql === undefined) return undefined;
  const usesSince = sql.includes('{{since}}');
  if (usesSince !== (read.watermark !== undefined))
    report({
      path: [...path, 'watermark'],
      what: usesSince
        ? 'is missing: the SQL asks for {{since}}'
        : 'is of no use: the SQL does not ask for {{since}}',
      got: read.watermark,
    });

  const { key: keyColumns = [], schema = `${sourceName}/${key}`, partitionBy, clusterBy } = read;
  const cursor: Cursor =
    read.watermark === undefined
      ? { kind: 'snapshot' }
      : { kind: 'watermark', field: read.watermark, lookback: read.lookback ?? 0 };
  const table: Transform = {
    declared: key,
    name: key,
    schema,
    key: keyColumns,
    writeMode: read.writeMode ?? (keyColumns.length > 0 ? 'merge' : 'replace'),
    cursor,
    ...(partitionBy === undefined ? {} : { partitionBy }),
    ...(clusterBy === undefined ? {} : { clusterBy }),
    sql,
    after: read.after,
  };
  try {
    checkTable('', key, table);
  } catch (error) {
    if (!isCatchmentError(error)) throw error;
    report({ path, what: error.facts.what, todo: error.facts.todo });
    return undefined;
  }
  checkSchemaFile(root, table, path, report);
  return table;
}

/** The text of a file below the project, without a semicolon at its end. */
function readSql(root: string, file: string, path: Path, report: Report): string | undefined {
  const place = join(root, file);
  if (!place.startsWith(root.endsWith(sep) ? root : root + sep) || !existsSync(place)) {
    report({
      path,
      what: 'is no file of the project',
      got: file,
      allowed: 'a path such as transforms/orders_daily.sql',
    });
    return undefined;
  }
  const sql = readFileSync(place, 'utf8').replace(/[\s;]*$/, '');
  if (sql.length > 0 && sql.length <= longestSql) return sql;
  report({
    path,
    what: sql.length === 0 ? 'is an empty file' : 'is too long for a handler’s environment',
    got: `${sql.length} characters`,
    allowed: `up to ${longestSql}`,
    todo: sql.length === 0 ? undefined : 'put a part of it into a view of the warehouse',
  });
  return undefined;
}
