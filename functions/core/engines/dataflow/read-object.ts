import type { CsvObject } from '../../engine-read.ts';
import { fatal } from '../../errors.ts';
import type { QueryOffer } from '../../query-offer.ts';
import type { Drift, Quarantined } from '../../rows/check.ts';
import { createDriftLog } from '../../rows/drift.ts';
import { mask } from '../../rows/mask.ts';
import { checkComplete } from '../../run/read-slice.ts';
import type { EngineJob, EngineSlice } from './engine-job.ts';
import { launchCsv, schemaObject } from './launch-csv.ts';
import { checkWritten, folderOf, putText } from './object-parts.ts';
import type { ObjectSql } from './object-sql.ts';
import { objectSql } from './object-sql.ts';
import { createScratchTable } from './staging-table.ts';

/** Rows that come back in detail, and values that a column is guessed from. */
const [mostBad, mostValues] = [10_000, 1000];

/** A file as a job of the CSV template reads it: texts in one table, lines that are no rows of it in another. */
export function csvJob(of: EngineSlice, read: CsvObject): EngineJob {
  const { run, target, slice, names, place, project, dataset, http } = of;
  const { setup, request, lease } = run;
  const badName = `${names.table}_bad`;
  const sqlName = (table: string) => `\`${project}.${dataset}.${table}\``;
  const sql = objectSql(target, read, sqlName(names.table));
  const ask = async (query: string) => (await request.warehouse.query(query)).rows;
  const count = async (table: string) =>
    Number((await ask(`SELECT COUNT(*) AS n FROM ${sqlName(table)}`))[0]?.[0]);

  return {
    async launch(api) {
      const texts = read.names.map((_, index) => ({ name: `c${index}`, type: 'STRING' }));
      const badFields = ['RawContent', 'ErrorMsg'].map((name) => ({ name, type: 'STRING' }));
      const now = setup.now();
      await createScratchTable(http, { project, dataset, name: names.table }, texts, now);
      await createScratchTable(http, { project, dataset, name: badName }, badFields, now);
      await putText(http, `${folderOf(place, names.job)}/schema.json`, schemaObject(read.names));
      await api.launch(
        launchCsv({
          place,
          jobName: names.job,
          read,
          outputTable: `${project}:${dataset}.${names.table}`,
          badTable: `${project}:${dataset}.${badName}`,
          labels: { pipeline: lease.pipeline, 'managed-by': 'catchment' },
        }),
      );
    },
    async stage(api, job) {
      const [good, bad] = [await count(names.table), await count(badName)];
      for (const [found, step, what] of [
        [good, /good records into bigquery/i, 'rows'],
        [bad, /bad records into bigquery/i, 'bad lines'],
      ] as const) {
        await checkWritten(of, { api, job, step, what, found });
      }
      const stage = await request.warehouse.openStage(target, slice.origin);
      try {
        const loaded = await stage.ask?.(offerOf(of, sql));
        if (loaded === undefined)
          throw fatal('internal', {
            where: setup.where,
            what: 'BigQuery takes no texts of its own',
            got: sql.select,
          });
        const lines =
          bad === 0 ? [] : await ask(`SELECT RawContent FROM ${sqlName(badName)} LIMIT ${mostBad}`);
        const read = {
          ...{ target, stage, rowsRead: good + bad, announced: undefined, bytes: 0 },
          rejected: good + bad - stage.rows,
          quarantined: [...lines.map(([line]) => badLine(line)), ...loaded.quarantined],
          drift: await driftOf(sql, sqlName(names.table), target.columns, ask),
        };
        checkComplete({ where: setup.where, slice }, read);
        return read;
      } catch (error) {
        await stage.discard();
        throw error;
      }
    },
  };
}

function offerOf({ location }: EngineSlice, { select }: ObjectSql): QueryOffer {
  return {
    system: 'bigquery',
    location,
    sql: select,
    neverNull: [],
    // The table is as large as the file; nobody asked for a limit.
    maximumBytesBilled: Number.MAX_SAFE_INTEGER,
    explain: () => undefined,
    async *pages() {},
  };
}

function badLine(line: unknown): Quarantined {
  return {
    row: undefined,
    path: '',
    reason: 'has another number of cells than the file has columns',
    masked: mask(line),
  };
}

async function driftOf(
  { unknown }: ObjectSql,
  table: string,
  columns: readonly { readonly name: string }[],
  ask: (sql: string) => Promise<readonly (readonly unknown[])[]>,
): Promise<readonly Drift[]> {
  const log = createDriftLog(columns.map(({ name }) => name));
  const counts = new Map<string, number>();
  for (const { name, cell } of unknown) {
    const from = `FROM ${table} AS s WHERE ${cell} IS NOT NULL`;
    const rows = Number((await ask(`SELECT COUNT(*) AS n ${from}`))[0]?.[0]);
    if (rows === 0) continue;
    counts.set(name, rows);
    for (const [value] of await ask(`SELECT DISTINCT ${cell} AS found ${from} LIMIT ${mostValues}`))
      log.note(name, value);
  }
  return log.fields().map((found) => ({ ...found, rows: counts.get(found.field) ?? found.rows }));
}
