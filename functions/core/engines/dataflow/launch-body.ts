import type { JdbcRead } from '../../engine-read.ts';
import type { DataflowPlace } from '../../run/request.ts';
import type { Launch } from './api.ts';

export interface LaunchRequest {
  readonly place: DataflowPlace;
  readonly jobName: string;
  readonly read: JdbcRead;
  /** Secret with the bare password. */
  readonly passwordSecret: string;
  /** `project:dataset.table`, which exists. */
  readonly outputTable: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Files in the folder `jdbc/` of the staging bucket, and the classes in them. */
export const drivers = {
  postgres: { file: 'postgresql.jar', className: 'org.postgresql.Driver' },
  mariadb: { file: 'mariadb-java-client.jar', className: 'org.mariadb.jdbc.Driver' },
} as const;

/** Readers of one table side by side; Dataflow adds and removes the machines under them by itself. */
const partitions = 16;

const mostWorkers = 10;

/**
 * What Google's template "JDBC to BigQuery" is launched with.
 * https://cloud.google.com/dataflow/docs/guides/templates/provided/jdbc-to-bigquery
 *
 * The password is a reference that the workers resolve: parameters of a job can be read by everybody who may see the job.
 */
export function launchBody(request: LaunchRequest): Launch {
  const { place, jobName, read, passwordSecret, outputTable, labels } = request;
  const { project, region, bucket, serviceAccount, subnetwork } = place;
  const driver = drivers[read.driver];
  const temporary = `gs://${bucket}/dataflow/${jobName}`;
  return {
    method: 'flexTemplates:launch',
    body: {
      launchParameter: {
        jobName,
        containerSpecGcsPath: `gs://dataflow-templates-${region}/latest/flex/Jdbc_to_BigQuery_Flex`,
        parameters: {
          driverJars: `gs://${bucket}/jdbc/${driver.file}`,
          driverClassName: driver.className,
          connectionURL: read.url,
          username: read.user,
          password: `projects/${project}/secrets/${passwordSecret}/versions/latest`,
          ...source(read),
          // Columns go by the names that the query gives them, not by those in the database.
          useColumnAlias: 'true',
          outputTable,
          // A launch that is made again over rows of a job that failed starts from nothing.
          isTruncate: 'true',
          createDisposition: 'CREATE_NEVER',
          bigQueryLoadingTemporaryDirectory: `${temporary}/bigquery`,
        },
        environment: {
          serviceAccountEmail: serviceAccount,
          tempLocation: `${temporary}/temp`,
          stagingLocation: `gs://${bucket}/dataflow/staging`,
          maxWorkers: mostWorkers,
          ...(subnetwork === undefined ? {} : { subnetwork, ipConfiguration: 'WORKER_IP_PRIVATE' }),
          additionalUserLabels: labels,
        },
      },
    },
  };
}

/** A query is read by one worker; a table that has a number to go by, in ranges of it. */
function source({ query, partitionColumn }: JdbcRead): Readonly<Record<string, string>> {
  if (partitionColumn === undefined) return { query };
  return { table: `(${query}) as source`, partitionColumn, numPartitions: String(partitions) };
}
