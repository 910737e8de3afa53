import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { ident } from '../../../files/quote.ts';
import type { Catalog } from './catalog.ts';
import { loadLines } from './load.ts';
import { csvOptions, loadCsv } from './load-csv.ts';
import { refuse } from './refuse.ts';

const tableReference = z.strictObject({ projectId: z.string(), datasetId: z.string(), tableId: z.string() });

/** Configuration of a load job, as far as the emulator knows it. */
export const loadConfiguration = z.strictObject({
  destinationTable: tableReference,
  // Not a part of it, but the official client writes it here as well.
  location: z.string().optional(),
  sourceFormat: z.enum(['NEWLINE_DELIMITED_JSON', 'CSV', 'PARQUET']),
  sourceUris: z
    .array(z.string().regex(/^gs:\/\/[^/]+\/.+/))
    .min(1)
    .max(10_000)
    .optional(),
  schema: z.strictObject({ fields: z.array(z.unknown()).min(1) }).optional(),
  writeDisposition: z.enum(['WRITE_APPEND', 'WRITE_TRUNCATE', 'WRITE_EMPTY']).default('WRITE_APPEND'),
  createDisposition: z.enum(['CREATE_NEVER', 'CREATE_IF_NEEDED']).default('CREATE_IF_NEEDED'),
  maxBadRecords: z.literal(0).default(0),
  ignoreUnknownValues: z.literal(false).default(false),
  schemaUpdateOptions: z.array(z.enum(['ALLOW_FIELD_ADDITION', 'ALLOW_FIELD_RELAXATION'])).optional(),
  decimalTargetTypes: z.array(z.enum(['NUMERIC', 'BIGNUMERIC', 'STRING'])).optional(),
  parquetOptions: z.strictObject({ enableListInference: z.boolean() }).optional(),
  columnNameCharacterMap: z.enum(['STRICT', 'V1', 'V2']).optional(),
  ...csvOptions.shape,
});

export type LoadConfiguration = z.output<typeof loadConfiguration>;

export interface LoadHost {
  readonly catalog: Catalog;
  /** Objects of Cloud Storage by `gs://` URI. */
  readonly objects: ReadonlyMap<string, Buffer>;
}

/** Loads the content of an upload, or objects: all rows or none. */
export async function runLoad(
  connection: DuckDBConnection,
  { catalog, objects }: LoadHost,
  load: LoadConfiguration,
  content: Uint8Array | undefined,
): Promise<{ readonly outputRows: number; readonly inputFileBytes: number }> {
  const { datasetId, tableId } = load.destinationTable;
  if (
    load.createDisposition === 'CREATE_IF_NEEDED' &&
    load.schema !== undefined &&
    !catalog.has(datasetId, tableId)
  )
    await catalog.create(datasetId, { tableReference: load.destinationTable, schema: load.schema });
  const table = catalog.find(datasetId, tableId);
  const uris = load.sourceUris ?? [];
  const contents =
    content === undefined
      ? uris.map((uri) => objects.get(uri) ?? refuse('notFound', `Not found: URI ${uri}`, 404))
      : [Buffer.from(content)];
  let outputRows = 0;
  await connection.run('BEGIN');
  try {
    for (const bytes of contents) {
      const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
      const unpacked = isGzip ? gunzipSync(bytes) : bytes;
      if (load.sourceFormat === 'PARQUET') outputRows += await loadParquet(connection, catalog, load, bytes);
      else if (load.sourceFormat === 'CSV') outputRows += await loadCsv(connection, table, unpacked, load);
      else outputRows += await loadLines(connection, table, unpacked);
    }
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
  return { outputRows, inputFileBytes: contents.reduce((sum, { length }) => sum + length, 0) };
}

async function loadParquet(
  connection: DuckDBConnection,
  catalog: Catalog,
  { destinationTable }: LoadConfiguration,
  content: Buffer,
): Promise<number> {
  const { datasetId, tableId } = destinationTable;
  const folder = await mkdtemp(join(tmpdir(), 'catchment-emulator-'));
  try {
    const path = join(folder, 'file.parquet');
    await writeFile(path, content);
    const from = `(SELECT * FROM read_parquet('${path}'))`;
    await catalog.fillColumns(connection, datasetId, tableId, from);
    const into = `${ident(datasetId)}.${ident(tableId)}`;
    const { rowsChanged } = await connection.run(`INSERT INTO ${into} BY NAME FROM ${from}`);
    return rowsChanged;
  } catch (error) {
    return refuse('invalid', `Error while reading data, error message: ${String(error)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
