import type { CsvObject } from '../../engine-read.ts';
import type { DataflowPlace } from '../../run/request.ts';
import type { Launch } from './api.ts';
import { folderOf } from './object-parts.ts';

export interface LaunchCsvRequest {
  readonly place: DataflowPlace;
  readonly jobName: string;
  readonly read: CsvObject;
  /** `project:dataset.table`, which exist. */
  readonly outputTable: string;
  readonly badTable: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the template takes for the columns of a file: all of them texts, named by their places. */
export function schemaObject(names: readonly string[]): string {
  return JSON.stringify({
    'BigQuery Schema': names.map((_, index) => ({ name: `c${index}`, type: 'STRING' })),
  });
}

/**
 * What Google's template "CSV files on Cloud Storage to BigQuery" is launched with; it is a classic one, so the job is
 * described without a container. It parses each line and puts it together again without quotes, so a line with the
 * delimiter inside of a cell has too many cells then, and goes to the table of bad records.
 * https://cloud.google.com/dataflow/docs/guides/templates/provided/cloud-storage-csv-to-bigquery
 */
export function launchCsv(request: LaunchCsvRequest): Launch {
  const { place, jobName, read, outputTable, badTable, labels } = request;
  const { region, serviceAccount, subnetwork } = place;
  const folder = folderOf(place, jobName);
  return {
    method: 'templates:launch',
    query: { gcsPath: `gs://dataflow-templates-${region}/latest/GCS_CSV_to_BigQuery` },
    body: {
      jobName,
      parameters: {
        inputFilePattern: read.path,
        schemaJSONPath: `${folder}/schema.json`,
        outputTable,
        badRecordsOutputTable: badTable,
        bigQueryLoadingTemporaryDirectory: `${folder}/bigquery`,
        delimiter: read.delimiter,
        csvFormat: 'Default',
        containsHeaders: String(read.hasHeader),
        csvFileEncoding: read.encoding,
      },
      environment: {
        serviceAccountEmail: serviceAccount,
        tempLocation: `${folder}/temp`,
        // One file is read by one machine, and written by as many as BigQuery takes rows from.
        maxWorkers: 2,
        ...(subnetwork === undefined ? {} : { subnetwork, ipConfiguration: 'WORKER_IP_PRIVATE' }),
        additionalUserLabels: labels,
      },
    },
  };
}
