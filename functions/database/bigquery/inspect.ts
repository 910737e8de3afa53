import { z } from 'zod';
import type { MappedColumn } from '../../core/describe-columns.ts';
import { describeColumns } from '../../core/describe-columns.ts';
import type { FoundTable, InspectOf } from '../../core/inspect.ts';
import type { DatabaseOptions, source } from '../source.ts';
import type { Api } from './api.ts';
import { createApi } from './api.ts';
import { findRelation, quoteName } from './relation.ts';
import { textOf } from './rows.ts';
import { mapField } from './types.ts';

const datasets = z.object({
  datasets: z.array(z.object({ datasetReference: z.object({ datasetId: z.string() }) })).default([]),
});
const tables = z.object({
  tables: z
    .array(z.object({ type: z.string().default('TABLE'), tableReference: z.object({ tableId: z.string() }) }))
    .default([]),
});

export const inspectBigquery: InspectOf<typeof source> = {
  async tables({ settings, http }) {
    const { project = '' } = settings;
    const api = createApi(http, settings, 'datasets');
    const found: FoundTable<DatabaseOptions>[] = [];
    for await (const page of api.list(`projects/${encodeURIComponent(project)}/datasets`, datasets))
      for (const { datasetReference } of page.datasets)
        found.push(...(await tablesOf(api, project, datasetReference.datasetId)));
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  async describe({ settings, http, options, sample }) {
    const table = options.from ?? 'the query';
    const api = createApi(http, settings, table);
    const relation = await findRelation(api, options, settings, table);
    const all = relation.fields.map(
      (field): MappedColumn => ({
        name: field.name,
        fullType: field.mode === 'REPEATED' ? `${field.type} REPEATED` : field.type,
        isRequired: field.mode === 'REQUIRED',
        comment: field.description,
        mapped: mapField(field.type, field.mode),
      }),
    );
    const { read, ...described } = describeColumns(all, { selected: options.columns, key: [] });
    const select = read.map(({ name }) => quoteName(name)).join(', ');
    const rows: (string | null)[][] = [];
    if (read.length > 0 && sample > 0)
      for await (const page of api.select(`SELECT ${select} FROM ${relation.sql} LIMIT ${sample}`))
        for (const { f } of page.rows)
          rows.push(page.fields.map((field, index) => textOf(field, f[index]?.v)));
    return { ...described, rows: relation.rows, isEstimate: false, sample: rows };
  },
};

async function tablesOf(api: Api, project: string, dataset: string): Promise<FoundTable<DatabaseOptions>[]> {
  const found: FoundTable<DatabaseOptions>[] = [];
  const path = `projects/${encodeURIComponent(project)}/datasets/${encodeURIComponent(dataset)}/tables`;
  for await (const page of api.list(path, tables))
    for (const { type, tableReference } of page.tables) {
      const name = `${project}.${dataset}.${tableReference.tableId}`;
      const kind = type === 'TABLE' ? 'table' : 'view';
      found.push({ name, kind, options: { from: name, chunkRows: 5_000_000 } });
    }
  return found;
}
