import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { systemClock, systemSleep } from '../../clock.ts';
import { fatal, retryable } from '../../errors.ts';
import type { Lease } from '../../ledger/ledger.ts';
import type { TextRow } from '../../ledger/records.ts';
import type { WarehouseConfig } from '../../pipeline.ts';
import { cellText } from './cells.ts';
import { clickhouseError, isPassing } from './errors.ts';
import type { RawReply } from './send.ts';
import { createSender } from './send.ts';

export type ClickhouseConfig = Extract<WarehouseConfig, { kind: 'clickhouse' }>;

export interface ClickhouseHooks {
  /** How waits between attempts pass. @default timers */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
}

export interface Statement {
  /** What is being done, for errors: lower case. */
  readonly what: string;
  readonly sql: string;
  /** Values of `{name:String}` in the SQL; null for NULL. */
  readonly params?: Readonly<Record<string, string | null>>;
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Data of an INSERT, after its FORMAT. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** It may be sent again when no answer came: it does no more the second time. @default false */
  readonly isRepeatable?: boolean;
}

export interface Selected {
  readonly columns: readonly string[];
  /** ClickHouse's types. */
  readonly types: readonly string[];
  /** As `JSONCompact` has them, 64-bit integers and decimals as text. */
  readonly rows: readonly (readonly unknown[])[];
}

/** A server with the databases that this warehouse uses there. */
export interface Clickhouse {
  /** Database of the ledger. */
  readonly ledger: string;
  /** Database of stages and commits that are going on. Nobody reads it. */
  readonly staging: string;
  /** Leases that this process holds; its stages carry the fence of the newest. */
  readonly leases: Map<string, Lease>;
  readonly now: () => Date;
  /** Waits before another attempt, the longer the more there were. */
  pause(attempt: number): Promise<void>;
  run(statement: Statement): Promise<RawReply>;
  select(statement: Statement): Promise<Selected>;
  /** Rows by column name, moments as ISO text. */
  textRows(statement: Statement): Promise<readonly TextRow[]>;
  /** Numbers of the only row. */
  numbers(statement: Statement): Promise<readonly number[]>;
  /** Inserts rows of the ledger once: the token makes the server drop a repetition. */
  insertRows(table: string, rows: readonly object[], token?: string): Promise<void>;
  close(): void;
}

const secretShape = z.object({ user: z.string(), password: z.string() });

const attempts = 5;

/** What every statement is run with. */
const always: Readonly<Record<string, string | number>> = {
  wait_end_of_query: 1,
  async_insert: 0,
  session_timezone: 'UTC',
  mutations_sync: 1,
  alter_sync: 1,
  transform_null_in: 1,
  join_use_nulls: 1,
  insert_allow_materialized_columns: 1,
  // NULL for a column that cannot hold it is an error, not a zero.
  insert_null_as_default: 0,
  input_format_null_as_default: 0,
  date_time_input_format: 'best_effort',
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
  output_format_json_quote_denormals: 1,
};

export function connect(config: ClickhouseConfig, secret: unknown, hooks: ClickhouseHooks): Clickhouse {
  const ledger = config.database ?? 'catchment';
  const where = config.name;
  const base = new URL(config.url);
  const sender = createSender(base.protocol === 'https:');
  const login = loginOf(config, secret);
  const now = hooks.now ?? systemClock;
  const sleep = hooks.sleep ?? ((ms) => systemSleep(ms, new AbortController().signal));

  const run = async (statement: Statement): Promise<RawReply> => {
    const { what, sql, body } = statement;
    const canRepeat = statement.isRepeatable === true && !isStream(body);
    const settings: Record<string, string | number> = {
      ...always,
      ...statement.settings,
      query_id: randomUUID(),
    };
    for (const [name, value] of Object.entries(statement.params ?? {}))
      settings[`param_${name}`] = value === null ? '\\N' : escapeParam(value);
    for (let attempt = 1; ; attempt += 1) {
      settings.query_id = randomUUID();
      let reply: RawReply;
      try {
        reply = await sender.send({
          url: urlOf(base, settings, body === undefined ? undefined : sql),
          headers: login,
          body: body ?? sql,
        });
      } catch (cause) {
        if (isStream(body) && !isNetworkError(cause)) throw cause;
        if (canRepeat && attempt < attempts) {
          await sleep(waitMs(attempt));
          continue;
        }
        throw retryable('network', {
          where,
          what: `ClickHouse: ${what} got no answer (${(cause as Error).message})`,
          todo: 'several attempts failed; run it again later',
          cause,
        });
      }
      const code = Number(reply.headers['x-clickhouse-exception-code'] ?? 0);
      if (reply.status === 200 && code === 0) return reply;
      const refusal = {
        code,
        message: reply.body.toString('utf8').slice(0, 4000) || `status ${reply.status}`,
      };
      if (isPassing(refusal) && !isStream(body) && attempt < attempts) {
        await sleep(waitMs(attempt));
        continue;
      }
      throw clickhouseError(what, refusal, where, now());
    }
  };

  const select = async (statement: Statement): Promise<Selected> => {
    const reply = await run({
      isRepeatable: true,
      ...statement,
      settings: { ...statement.settings, default_format: 'JSONCompact' },
    });
    const { meta, data } = selected.parse(JSON.parse(reply.body.toString('utf8')));
    return { columns: meta.map(({ name }) => name), types: meta.map(({ type }) => type), rows: data };
  };

  return {
    ledger,
    staging: `${ledger}_staging`,
    leases: new Map(),
    now,
    pause: (attempt) => sleep(waitMs(attempt)),
    run,
    select,
    async textRows(statement) {
      const { columns, types, rows } = await select(statement);
      return rows.map((row) =>
        Object.fromEntries(columns.map((name, index) => [name, cellText(types[index] ?? '', row[index])])),
      );
    },
    async numbers(statement) {
      const { rows } = await select(statement);
      return (rows[0] ?? []).map(Number);
    },
    async insertRows(table, rows, token = randomUUID()) {
      await run({
        what: `recording in ${ledger}.${table}`,
        // Data that stands behind its statement is read with it; data of its own is a stream to the server.
        sql: `INSERT INTO \`${ledger}\`.\`${table}\` FORMAT JSONEachRow\n${rows.map((row) => JSON.stringify(row)).join('\n')}`,
        settings: { insert_deduplicate: 1, insert_deduplication_token: token },
        isRepeatable: true,
      });
    },
    close: () => sender.close(),
  };
}

const selected = z.object({
  meta: z.array(z.object({ name: z.string(), type: z.string() })),
  data: z.array(z.array(z.unknown())),
});

function loginOf(config: ClickhouseConfig, secret: unknown): Record<string, string> {
  if (config.secret === undefined && secret === undefined) return {};
  const parsed = secretShape.safeParse(secret);
  if (!parsed.success)
    throw fatal('bad-input', {
      where: config.name,
      what: `the secret ${config.secret ?? ''} of the ClickHouse warehouse has another shape`,
      allowed: '{ "user": "…", "password": "…" }',
    });
  return { 'X-ClickHouse-User': parsed.data.user, 'X-ClickHouse-Key': parsed.data.password };
}

function urlOf(base: URL, settings: Readonly<Record<string, string | number>>, sql: string | undefined): URL {
  const url = new URL(base);
  for (const [name, value] of Object.entries(settings)) url.searchParams.set(name, String(value));
  if (sql !== undefined) url.searchParams.set('query', sql);
  return url;
}

function isStream(body: Statement['body']): boolean {
  return body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
}

/** Half a second, doubled each time; shaken, so that runs that started together part. */
function waitMs(attempt: number): number {
  return Math.min(8_000, 500 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
}

/** Of our own connection, not of a stream that is read meanwhile: those are errors of the kit already, or strangers. */
function isNetworkError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'].includes(
    code ?? '',
  );
}

/** Parameters of the URL are escaped like cells of TabSeparated. */
function escapeParam(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}
