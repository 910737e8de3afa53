import type { LinesObject } from '../../engine-read.ts';
import { fatal } from '../../errors.ts';
import { checkComplete } from '../../run/read-slice.ts';
import type { EngineJob, EngineSlice } from './engine-job.ts';
import { launchLines, lineFunction, lineSchema } from './launch-lines.ts';
import { checkWritten, folderOf, putText } from './object-parts.ts';
import { createScratchTable } from './staging-table.ts';

/** A file of JSON Lines as a job of the text template reads it: each line a text, which the warehouse takes apart. */
export function linesJob(of: EngineSlice, read: LinesObject): EngineJob {
  const { run, target, slice, names, place, project, dataset, http } = of;
  const { setup, request, lease } = run;

  return {
    async launch(api) {
      const table = { project, dataset, name: names.table };
      await createScratchTable(http, table, [{ name: 'line', type: 'STRING' }], setup.now());
      const folder = folderOf(place, names.job);
      await putText(http, `${folder}/schema.json`, lineSchema);
      await putText(http, `${folder}/line.js`, lineFunction, 'text/javascript');
      await api.launch(
        launchLines({
          place,
          jobName: names.job,
          read,
          outputTable: `${project}:${dataset}.${names.table}`,
          labels: { pipeline: lease.pipeline, 'managed-by': 'catchment' },
        }),
      );
    },
    async stage(api, job) {
      const counted = await request.warehouse.query(
        `SELECT COUNT(*) AS n FROM \`${project}.${dataset}.${names.table}\``,
      );
      const found = Number(counted.rows[0]?.[0]);
      await checkWritten(of, { api, job, step: /insert into bigquery/i, what: 'lines', found });
      const stage = await request.warehouse.openStage(target, slice.origin);
      try {
        const loaded = await stage.takeLines?.(names.table, read.path);
        if (loaded === undefined)
          throw fatal('internal', { where: setup.where, what: 'BigQuery takes no lines of its own' });
        const { quarantined, drift, read: rowsRead } = loaded;
        const rejected = rowsRead - stage.rows;
        const lines = {
          target,
          stage,
          rowsRead,
          announced: undefined,
          bytes: 0,
          rejected,
          quarantined,
          drift,
        };
        checkComplete({ where: setup.where, slice }, lines);
        return lines;
      } catch (error) {
        await stage.discard();
        throw error;
      }
    },
  };
}
