import type { WriteMode } from '../../functions/core/cursor.ts';
import { isCatchmentError } from '../../functions/core/errors.ts';
import type { PipelineTable } from '../../functions/core/pipeline.ts';
import {
  type AnySource,
  checkTable,
  type OpenTables,
  possibleWriteModes,
  type TableDeclaration,
} from '../../functions/core/source.ts';
import { asMapping, checkKeys, checkShape, keysOf } from './check-shape.ts';
import { didYouMean, type Path, type Report } from './mistake.ts';
import { openTable as openTableShape, sqlName, watermarkEntry } from './shapes.ts';

export interface TablesArgs {
  readonly value: unknown;
  readonly sourceName: string;
  readonly source: AnySource;
  readonly path: Path;
  readonly report: Report;
}

/** The tables of one pipeline: those the source declares, as the stack file renames them, and those it adds. */
export function readTables({ value, sourceName, source, path, ...args }: TablesArgs): PipelineTable[] {
  let hasMistakes = false;
  const report: Report = (finding) => {
    hasMistakes = true;
    args.report(finding);
  };
  const entries = asMapping(value, path, report);
  if (entries === undefined) return [];
  const tables: PipelineTable[] = [];
  for (const [declared, declaration] of Object.entries(source.tables)) {
    const name = nameOf(declared, entries[declared], [...path, declared], report);
    if (name !== undefined)
      tables.push({ ...declaration, declared, name, schema: `${sourceName}/${declared}` });
  }
  for (const [key, entry] of Object.entries(entries)) {
    if (Object.hasOwn(source.tables, key)) continue;
    if (source.openTables === undefined) reportUnknownTable(key, source, path, report);
    else {
      const table = readOpenTable(key, entry, sourceName, source.openTables, [...path, key], report);
      if (table !== undefined) tables.push(table);
    }
  }
  if (tables.length === 0 && !hasMistakes)
    report({ path, what: 'leaves no table', allowed: 'at least one', isUnwritten: true });
  checkNames(tables, path, report);
  return tables;
}

function nameOf(declared: string, entry: unknown, path: Path, report: Report): string | undefined {
  if (entry === undefined || entry === null || entry === true) return declared;
  if (entry === false) return undefined;
  if (typeof entry === 'string') return checkShape(sqlName, entry, path, report);
  report({
    path,
    what: 'is wrong',
    got: entry,
    allowed: 'a new name for the table, or false to leave it out',
  });
  return undefined;
}

function reportUnknownTable(key: string, source: AnySource, path: Path, report: Report): void {
  const allowed = Object.keys(source.tables);
  report({
    path: [...path, key],
    what: `is not a table of ${source.title}`,
    allowed,
    todo: didYouMean(key, allowed),
  });
}

function readOpenTable(
  key: string,
  entry: unknown,
  sourceName: string,
  { options: optionsShape, defaults, watermarks = false }: OpenTables,
  path: Path,
  report: Report,
): PipelineTable | undefined {
  if (entry === false) return undefined;
  checkShape(sqlName, key, path, report);
  const fields = asMapping(entry, path, report);
  if (fields === undefined) return undefined;
  const ownKeys = keysOf(openTableShape);
  const optionKeys = keysOf(optionsShape);
  const watermarkKeys = watermarks ? keysOf(watermarkEntry) : [];
  checkKeys(fields, [...ownKeys, ...watermarkKeys, ...optionKeys], path, report);
  const own = checkShape(openTableShape, pick(fields, ownKeys), path, report);
  const options = checkShape(optionsShape, pick(fields, optionKeys), path, report);
  const watermark = checkShape(watermarkEntry, pick(fields, watermarkKeys), path, report);
  if (own === undefined || options === undefined || watermark === undefined) return undefined;

  const { schema = `${sourceName}/${key}`, ...changes } = own;
  const declaration = withWatermark(
    { ...defaults, ...defined(changes) },
    { ...watermark, ...own },
    path,
    report,
  );
  const table = { ...declaration, declared: key, name: key, schema, options };
  return isPossible(table, path, report) ? table : undefined;
}

/** How far behind a merged watermark looks unless its entry says otherwise: an hour outlasts most transactions. */
const defaultLookback = 3600;

/** An entry with a watermark is read by it, and merged unless it says otherwise; any other is read whole. */
function withWatermark(
  declaration: TableDeclaration,
  {
    watermark,
    lookback,
    writeMode = 'merge',
  }: {
    readonly watermark?: string | undefined;
    readonly lookback?: number | undefined;
    readonly writeMode?: WriteMode | undefined;
  },
  path: Path,
  report: Report,
): TableDeclaration {
  if (watermark === undefined) {
    if (lookback !== undefined)
      report({ path: [...path, 'lookback'], what: 'has no watermark to look back from', got: lookback });
    return declaration;
  }
  const behind = lookback ?? (writeMode === 'append' ? 0 : defaultLookback);
  return { ...declaration, writeMode, cursor: { kind: 'watermark', field: watermark, lookback: behind } };
}

function isPossible(table: PipelineTable, path: Path, report: Report): boolean {
  const modes = possibleWriteModes(table);
  if (!modes.includes(table.writeMode)) {
    const todo =
      table.writeMode === 'merge'
        ? `name its key columns in \`key\`${table.cursor.kind === 'watermark' ? ', or say writeMode: append' : ''}`
        : undefined;
    report({
      path: [...path, 'writeMode'],
      what: 'cannot be carried out',
      got: table.writeMode,
      allowed: modes,
      todo,
    });
    return false;
  }
  try {
    checkTable('', table.declared, table);
    return true;
  } catch (error) {
    if (!isCatchmentError(error)) throw error;
    report({ path, what: error.facts.what, todo: error.facts.todo });
    return false;
  }
}

function checkNames(tables: readonly PipelineTable[], path: Path, report: Report): void {
  const owners = new Map<string, string>();
  for (const { declared, name } of tables) {
    const owner = owners.get(name.toLowerCase());
    if (owner === undefined) owners.set(name.toLowerCase(), declared);
    else report({ path: [...path, declared], what: `has the same name as the table "${owner}"`, got: name });
  }
}

function pick(fields: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => key in fields).map((key) => [key, fields[key]]));
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
