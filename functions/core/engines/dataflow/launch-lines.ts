import type { LinesObject } from '../../engine-read.ts';
import type { DataflowPlace } from '../../run/request.ts';
import type { Launch } from './api.ts';
import { folderOf } from './object-parts.ts';

export interface LaunchLinesRequest {
  readonly place: DataflowPlace;
  readonly jobName: string;
  readonly read: LinesObject;
  /** `project:dataset.table`, which exists and has one column, `line`. */
  readonly outputTable: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Each line becomes one text, so no number loses a digit and no line is refused: BigQuery takes it apart afterwards. */
export const lineFunction = 'function toRow(line) {\n  return JSON.stringify({ line: line });\n}\n';

export const lineSchema = JSON.stringify({ 'BigQuery Schema': [{ name: 'line', type: 'STRING' }] });

/**
 * What Google's template "Text files on Cloud Storage to BigQuery" is launched with; it is a classic one. It reads UTF-8 and
 * knows gzip by the name. A line that its function cannot turn into a row fails the job, so it keeps no table of bad ones.
 * https://cloud.google.com/dataflow/docs/guides/templates/provided/cloud-storage-to-bigquery
 */
export function launchLines(request: LaunchLinesRequest): Launch {
  const { place, jobName, read, outputTable, labels } = request;
  const { region, serviceAccount, subnetwork } = place;
  const folder = folderOf(place, jobName);
  return {
    method: 'templates:launch',
    query: { gcsPath: `gs://dataflow-templates-${region}/latest/GCS_Text_to_BigQuery` },
    body: {
      jobName,
      parameters: {
        inputFilePattern: read.path,
        JSONPath: `${folder}/schema.json`,
        javascriptTextTransformGcsPath: `${folder}/line.js`,
        javascriptTextTransformFunctionName: 'toRow',
        outputTable,
        bigQueryLoadingTemporaryDirectory: `${folder}/bigquery`,
      },
      environment: {
        serviceAccountEmail: serviceAccount,
        tempLocation: `${folder}/temp`,
        // A plain file is read by several machines at once, a packed one by one.
        maxWorkers: read.path.endsWith('.gz') ? 2 : 10,
        ...(subnetwork === undefined ? {} : { subnetwork, ipConfiguration: 'WORKER_IP_PRIVATE' }),
        additionalUserLabels: labels,
      },
    },
  };
}
