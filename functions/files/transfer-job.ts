import { parsePlace } from './place.ts';
import type { FileSecret, FileSettings } from './source.ts';

/** https://cloud.google.com/storage-transfer/docs/reference/rest/v1/transferJobs */
export interface TransferJob {
  readonly name: string;
  readonly latestOperationName?: string;
}

/** https://cloud.google.com/storage-transfer/docs/reference/rest/v1/transferOperations */
export interface TransferOperation {
  readonly name: string;
  readonly done?: boolean;
  readonly error?: { readonly message?: string };
  readonly metadata?: {
    readonly status?: string;
    /** 64-bit numbers, as text. */
    readonly counters?: Readonly<Record<string, string>>;
    readonly errorBreakdowns?: readonly {
      readonly errorCode?: string;
      readonly errorCount?: string;
      readonly errorLogEntries?: readonly { readonly errorDetails?: readonly string[] }[];
    }[];
  };
}

/**
 * What the service is told about where the object is. Undefined when it cannot fetch it: it takes keys of Amazon without
 * a session and shared access signatures of Azure, and knows no other servers.
 */
export function dataSource(
  { root, endpoint }: FileSettings,
  { s3, azure }: FileSecret,
): Readonly<Record<string, unknown>> | undefined {
  const place = parsePlace(root);
  if (endpoint !== undefined) return undefined;
  if (place.kind === 's3' && s3 !== undefined && s3.sessionToken === undefined)
    return {
      awsS3DataSource: {
        bucketName: place.bucket,
        path: place.prefix,
        awsAccessKey: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
      },
    };
  if (place.kind === 'azure' && azure !== undefined && 'sasToken' in azure)
    return {
      azureBlobStorageDataSource: {
        storageAccount: place.account,
        container: place.bucket,
        path: place.prefix,
        azureCredentials: { sasToken: azure.sasToken },
      },
    };
  return undefined;
}

/** How far it is, for people. */
export function progressOf({ metadata }: TransferOperation): string {
  const { bytesCopiedToSink = '0', bytesFoundFromSource = '?' } = metadata?.counters ?? {};
  return `${(metadata?.status ?? 'begun').toLowerCase().replaceAll('_', ' ')}, ${bytesCopiedToSink} of ${bytesFoundFromSource} bytes are copied`;
}

/** Why an operation that ended did not copy everything; undefined when it did. */
export function tellFailure({ error, metadata }: TransferOperation): string | undefined {
  const failed = Number(metadata?.counters?.objectsFromSourceFailed ?? 0);
  if (error === undefined && failed === 0 && metadata?.status === 'SUCCESS') return undefined;
  const causes = (metadata?.errorBreakdowns ?? []).map(
    ({ errorCode = 'UNKNOWN', errorCount = '1', errorLogEntries = [] }) =>
      [`${errorCode} (${errorCount})`, errorLogEntries[0]?.errorDetails?.[0]].filter(Boolean).join(': '),
  );
  const status = metadata?.status ?? 'no status';
  return [`${status}, ${failed} objects failed`, ...causes, error?.message].filter(Boolean).join('; ');
}
