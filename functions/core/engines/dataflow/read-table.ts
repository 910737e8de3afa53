import { fatal, retryable } from '../../errors.ts';
import type { EngineJob, EngineSlice } from './engine-job.ts';
import { launchBody } from './launch-body.ts';
import { createStagingTable } from './staging-table.ts';

/** A table of a database, as a job of the JDBC template reads it. */
export function tableJob({
  run,
  slice,
  target,
  names,
  place,
  project,
  dataset,
  http,
}: EngineSlice): EngineJob {
  const { request, setup, lease } = run;
  return {
    async launch(api) {
      await createStagingTable(http, { project, dataset, name: names.table }, target, setup.now());
      const passwordSecret = place.passwords[setup.group.name];
      if (request.code.jdbc === undefined || passwordSecret === undefined)
        throw fatal('internal', {
          where: setup.where,
          what: `source ${request.pipeline.source} cannot be read by JDBC, or has no password for it`,
        });
      const read = request.code.jdbc({
        table: slice.table,
        options: slice.options as never,
        settings: setup.settings,
        secret: setup.secret,
        columns: target.columns,
        key: target.key,
      });
      const outputTable = `${project}:${dataset}.${names.table}`;
      const labels = { pipeline: lease.pipeline, 'managed-by': 'catchment' };
      await api.launch(launchBody({ place, jobName: names.job, read, passwordSecret, outputTable, labels }));
    },
    async stage(api, job) {
      const announced = await api.rowsWritten(job.id, /write.*bigquery|bigquery.*write/i);
      const stage = await request.warehouse.openStage(target, slice.origin);
      try {
        const columns = target.columns.map(({ name }) => `\`${name}\``).join(', ');
        const rowsRead = await stage.fill(`SELECT ${columns} FROM \`${project}.${dataset}.${names.table}\``);
        if (announced !== undefined && announced !== rowsRead)
          throw retryable('vendor', {
            where: setup.where,
            what: `the Dataflow job ${names.job} wrote ${announced} rows, and ${rowsRead} are in its table`,
            todo: 'nothing of it was loaded; the next run reads the slice again',
          });
        return { target, stage, rowsRead, announced, bytes: 0, rejected: 0, quarantined: [], drift: [] };
      } catch (error) {
        await stage.discard();
        throw error;
      }
    },
  };
}
