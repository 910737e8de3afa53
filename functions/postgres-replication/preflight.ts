import type { Client } from 'pg';
import { fatal } from '../core/errors.ts';
import type { LogTable } from '../core/extract.ts';
import { postgresError } from '../core/postgres/error.ts';
import type { CatalogTable } from './catalog.ts';
import { readTable } from './catalog.ts';
import type { Publication, PublicationMember } from './publication.ts';
import { addTablesSql, createPublicationSql, memberOf, quoteTable, readPublication } from './publication.ts';
import type { Slot } from './slot.ts';
import { readSlot } from './slot.ts';
import type { ReplicatedOptions, ReplicationSettings } from './source.ts';

/** A table that may be replicated. */
export interface ReadyTable extends LogTable<ReplicatedOptions> {
  readonly catalog: CatalogTable;
  readonly member: PublicationMember;
}

/** A source that is set up. */
export interface Ready {
  /** `server_version_num`, such as 150004. */
  readonly serverVersion: number;
  readonly tables: readonly ReadyTable[];
  readonly slot: Slot | undefined;
}

export interface PreflightArgs {
  readonly client: Client;
  readonly where: string;
  readonly settings: ReplicationSettings;
  readonly tables: readonly LogTable<ReplicatedOptions>[];
}

/**
 * Looks at everything that replication needs before anything is read, and creates the publication if the settings let it.
 *
 * @throws fatal `source-setup`, with all that is wrong and what to type
 */
export async function preflight(args: PreflightArgs): Promise<Ready> {
  const { client, where, settings } = args;
  try {
    const server = await readServer(client);
    const problems = serverProblems(server);
    const found: Found[] = [];
    for (const table of args.tables)
      found.push({ table, catalog: await readTable(client, table.options.from) });
    for (const { table, catalog } of found) problems.push(...tableProblems(table, catalog, settings));
    if (problems.length === 0) await createPublication(args, server.version, found);
    const publication = await readPublication(client, settings.publication, server.version);
    problems.push(...publicationProblems(settings.publication, publication, found));
    const slot = await readSlot(client, settings.slot);
    problems.push(...slotProblems(args, server, slot));
    if (problems.length > 0) throw refuse(where, problems);
    const tables = found.flatMap(({ table, catalog }) => {
      const member = catalog && publication && memberOf(publication, catalog.oid);
      return catalog === undefined || member === undefined ? [] : [{ ...table, catalog, member }];
    });
    return { serverVersion: server.version, tables, slot };
  } catch (error) {
    throw postgresError(error, { where, what: 'cannot look at the source' });
  }
}

function refuse(where: string, problems: readonly string[]) {
  return fatal('source-setup', {
    where,
    what: `the source is not set up for replication: ${problems.join('; ')}`,
    todo: 'mend it and run it again; functions/postgres-replication/README.md has the SQL',
  });
}

interface Server {
  readonly version: number;
  readonly walLevel: string;
  readonly mayReplicate: boolean;
  readonly freeSlots: number;
  readonly freeSenders: number;
}

async function readServer(client: Client): Promise<Server> {
  const { rows } = await client.query(`
    SELECT current_setting('server_version_num')::int AS version, current_setting('wal_level') AS "walLevel",
      (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user) OR EXISTS (
        SELECT FROM pg_roles WHERE rolname = 'rds_replication' AND pg_has_role(current_user, oid, 'MEMBER')
      ) AS "mayReplicate",
      current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots) AS "freeSlots",
      current_setting('max_wal_senders')::int - (SELECT count(*)::int FROM pg_stat_replication) AS "freeSenders"`);
  const [server] = rows as [Server];
  return server;
}

function serverProblems(server: Server): string[] {
  const problems: string[] = [];
  if (server.version < 130_000)
    problems.push(
      `PostgreSQL ${Math.floor(server.version / 10_000)} is too old, 13 is the oldest that is read`,
    );
  if (server.walLevel !== 'logical')
    problems.push(
      `wal_level is ${server.walLevel}: ALTER SYSTEM SET wal_level = logical; then restart the server (RDS: rds.logical_replication = 1; Cloud SQL: cloudsql.logical_decoding = on)`,
    );
  if (!server.mayReplicate)
    problems.push(
      'the role may not replicate: ALTER ROLE <role> REPLICATION; (RDS: GRANT rds_replication TO <role>;)',
    );
  if (server.freeSenders < 1)
    problems.push('no WAL sender is free: raise max_wal_senders, or end a replication that nobody needs');
  return problems;
}

function tableProblems(
  { table, key, columns, options }: LogTable<ReplicatedOptions>,
  catalog: CatalogTable | undefined,
  { deletes }: ReplicationSettings,
): string[] {
  const { from, deletedAt } = options;
  if (catalog === undefined) return [`${table}: there is no table ${from}`];
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`${table}: ${problem}`);
  const sourceOf = (name: string) => columns.find((column) => column.name === name)?.sourceName ?? name;
  const wanted = key.map(sourceOf);
  const sqlName = quoteTable(from);
  if (!'rp'.includes(catalog.kind) || !catalog.isLogged)
    say(`${from} is no table that PostgreSQL logs: views, foreign and unlogged tables are not replicated`);
  if (!catalog.mayRead) say(`the role may not read ${from}: GRANT SELECT ON ${sqlName} TO <role>;`);
  const missing = wanted.filter((name) => !catalog.columns.some((column) => column.name === name));
  if (missing.length > 0) say(`${from} has no column ${missing.join(', ')}, which the key needs`);
  const isSame =
    wanted.length === catalog.identityColumns.length &&
    wanted.every((name) => catalog.identityColumns.includes(name));
  if (catalog.identity === 'n' || (catalog.identity === 'd' && catalog.identityColumns.length === 0))
    say(
      `${from} has no replica identity, so nobody could tell which row was changed: give it a primary key, or ALTER TABLE ${sqlName} REPLICA IDENTITY FULL;`,
    );
  else if (catalog.identity !== 'f' && missing.length === 0 && !isSame)
    say(
      `the key is ${key.join(', ')}, but the replica identity of ${from} is ${catalog.identityColumns.join(', ')}: name these in key, or ALTER TABLE ${sqlName} REPLICA IDENTITY FULL;`,
    );
  for (const { name, isGenerated } of catalog.columns)
    if (isGenerated && columns.some((column) => (column.sourceName ?? column.name) === name))
      say(
        `column ${name} is generated, and PostgreSQL does not replicate it: take it out of the schema file`,
      );
  if (deletes === 'soft' && columns.find(({ name }) => name === deletedAt)?.type !== 'TIMESTAMP')
    say('deletes are soft, so deletedAt must name a TIMESTAMP column of the schema file');
  return problems;
}

interface Found {
  readonly table: LogTable<ReplicatedOptions>;
  readonly catalog: CatalogTable | undefined;
}

async function createPublication(
  { client, settings }: PreflightArgs,
  version: number,
  found: readonly Found[],
): Promise<void> {
  if (!settings.create) return;
  const publication = await readPublication(client, settings.publication, version);
  const from = found.map(({ table }) => table.options.from);
  if (publication === undefined) await client.query(createPublicationSql(settings.publication, from));
  else {
    const missing = found.filter(
      ({ catalog }) => catalog && memberOf(publication, catalog.oid) === undefined,
    );
    if (missing.length > 0)
      await client.query(
        addTablesSql(
          settings.publication,
          missing.map(({ table }) => table.options.from),
        ),
      );
  }
}

function publicationProblems(
  name: string,
  publication: Publication | undefined,
  found: readonly Found[],
): string[] {
  const known = found.filter(({ catalog }) => catalog !== undefined);
  if (publication === undefined)
    return [
      `there is no publication "${name}": ${createPublicationSql(
        name,
        known.map(({ table }) => table.options.from),
      )}`,
    ];
  const problems: string[] = [];
  const members = known.map(({ table, catalog }) => ({
    table,
    member: catalog && memberOf(publication, catalog.oid),
  }));
  const missing = members.filter(({ member }) => member === undefined).map(({ table }) => table.options.from);
  if (missing.length > 0)
    problems.push(`the publication "${name}" lacks ${missing.join(', ')}: ${addTablesSql(name, missing)}`);
  for (const { table, member } of members)
    if (member?.hasFilter || member?.hasColumnList)
      problems.push(
        `${table.table}: the publication "${name}" gives only a part of ${table.options.from}: take its ${member.hasFilter ? 'WHERE' : 'column list'} away`,
      );
  if (publication.leftOut.length > 0)
    problems.push(
      `the publication "${name}" leaves out ${publication.leftOut.join(', ')}: ALTER PUBLICATION "${name}" SET (publish = 'insert, update, delete, truncate');`,
    );
  return problems;
}

function slotProblems({ settings, tables }: PreflightArgs, server: Server, slot: Slot | undefined): string[] {
  const { slot: name, database } = settings;
  if (slot !== undefined && slot.plugin !== 'pgoutput')
    return [`the slot "${name}" has the plugin ${slot.plugin}, not pgoutput: name another slot`];
  if (slot !== undefined && slot.database !== database)
    return [
      `the slot "${name}" belongs to the database ${slot.database}, not ${database}: name another slot`,
    ];
  const needed =
    (slot === undefined ? 1 : 0) + (tables.some(({ position }) => position === undefined) ? 1 : 0);
  if (server.freeSlots >= needed) return [];
  return [
    `${needed} replication slots are needed for the slot and the first copy, ${server.freeSlots} are free: raise max_replication_slots, or drop a slot that nobody needs`,
  ];
}
