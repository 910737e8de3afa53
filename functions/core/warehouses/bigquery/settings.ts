import { systemClock, systemSleep } from '../../clock.ts';
import { fatal } from '../../errors.ts';

/** Where a BigQuery warehouse is, and what a test may replace. */
export interface BigqueryOptions {
  readonly project: string;
  /** BigQuery location such as `EU`. All datasets of the warehouse are there. */
  readonly location: string;
  /** The pipeline's dataset; the ledger's tables are in it as well, named `catchment_…`. */
  readonly dataset: string;
  /** @default "https://bigquery.googleapis.com" */
  readonly bigqueryUrl?: string | undefined;
  /** Where objects are whose beginnings are read. @default "https://storage.googleapis.com" */
  readonly storageUrl?: string | undefined;
  /** @default "http://metadata.google.internal" */
  readonly metadataUrl?: string | undefined;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
  /** How waits between attempts and polls pass. @default timers */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
  /** Bytes of compressed rows after which a stage starts a load job. @default 8 MiB */
  readonly partBytes?: number | undefined;
  /** Bytes of one request of a long upload: a multiple of 256 KiB. @default 4 MiB */
  readonly chunkBytes?: number | undefined;
  /** Bytes of piped rows in one load job: BigQuery takes no more than 4 GiB of CSV with line ends in cells. @default 1 GiB */
  readonly pipeBytes?: number | undefined;
}

export type BigquerySettings = {
  readonly [K in keyof BigqueryOptions]-?: Exclude<BigqueryOptions[K], undefined>;
};

const mebibyte = 1024 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Fills in what the options leave open. `CATCHMENT_BIGQUERY_URL` and `CATCHMENT_METADATA_URL` name stand-ins on this
 * machine.
 *
 * @throws fatal `bad-input` for a stand-in elsewhere: tokens and rows would go to it
 */
export function settle(options: BigqueryOptions, env: Environment = process.env): BigquerySettings {
  return {
    project: options.project,
    location: options.location,
    dataset: options.dataset,
    bigqueryUrl:
      options.bigqueryUrl ?? standIn(env, 'CATCHMENT_BIGQUERY_URL') ?? 'https://bigquery.googleapis.com',
    storageUrl:
      options.storageUrl ?? standIn(env, 'CATCHMENT_STORAGE_URL') ?? 'https://storage.googleapis.com',
    metadataUrl:
      options.metadataUrl ?? standIn(env, 'CATCHMENT_METADATA_URL') ?? 'http://metadata.google.internal',
    now: options.now ?? systemClock,
    sleep: options.sleep ?? ((ms) => systemSleep(ms, new AbortController().signal)),
    partBytes: options.partBytes ?? 8 * mebibyte,
    chunkBytes: options.chunkBytes ?? 4 * mebibyte,
    pipeBytes: options.pipeBytes ?? 1024 * mebibyte,
  };
}

function standIn(env: Environment, name: string): string | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const host = URL.canParse(text) ? new URL(text).hostname : undefined;
  if (host !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(host)) return text;
  throw fatal('bad-input', {
    where: name,
    what: 'is not a URL on this machine',
    got: text,
    allowed: 'URLs of 127.0.0.1, localhost or [::1]',
  });
}
