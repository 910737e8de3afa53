import diagnostics from 'node:diagnostics_channel';
import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Column } from '../../functions/core/schema.ts';
import { parseSchema } from '../../functions/core/schema.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { SourceFolder } from './host.ts';
import { loadFolder, openHost, root } from './host.ts';

const names = readdirSync(join(root, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'core')
  .map((entry) => entry.name);

const folders: readonly SourceFolder[] = await Promise.all(names.map(loadFolder));

describe.each(folders)('source $name', (folder) => {
  const { name, source } = folder;

  it('has a declaration that is frozen data and survives JSON', () => {
    const { tables, http, schedule, hosts, title, docs, runsOn } = source;
    const data = { tables, http, schedule, hosts, title, docs, runsOn };
    expect(JSON.parse(JSON.stringify(data))).toEqual(JSON.parse(JSON.stringify(structuredClone(data))));
    expect(Object.isFrozen(source) && Object.isFrozen(tables)).toBe(true);
    expect(findFunction(data)).toBeUndefined();
  });

  it('has a schema file with a description on every column for each table, which holds its keys', () => {
    for (const [table, { key, windowField, partitionBy, clusterBy = [] }] of Object.entries(source.tables)) {
      const file = `schemas/${name}/${table}.json`;
      const columns = parseSchema(readFileSync(join(root, file), 'utf8'), file);
      const known = columns.map((column) => column.name);
      const needed = [...key, windowField, partitionBy, ...clusterBy].filter((field) => field !== undefined);
      expect(needed.filter((field) => !known.includes(field))).toEqual([]);
      expect(columns.filter(({ description }) => !description).map((column) => column.name)).toEqual([]);
    }
  });

  it('has no schema file without a table', () => {
    const files = readdirSync(join(root, 'schemas', name)).map((file) => file.replace(/\.json$/, ''));
    const tables = source.openTables === undefined ? Object.keys(source.tables) : files;
    expect(files.filter((file) => !tables.includes(file))).toEqual([]);
    for (const file of files)
      parseSchema(readFileSync(join(root, 'schemas', name, `${file}.json`), 'utf8'), file);
  });

  describe.each(variantsOf(folder))('against its own sandbox $title', ({ variant }) => {
    let first: Awaited<ReturnType<typeof openHost>>;
    const events: string[] = [];
    const log: string[] = [];
    const connected: string[] = [];
    const onSocket = (message: unknown) => {
      const { socket } = message as { socket: Socket };
      socket.once('connect', () => connected.push(`${socket.remoteAddress}:${socket.remotePort}`));
    };

    beforeAll(async () => {
      first = await openHost(folder, { variant });
      diagnostics.subscribe('net.client.socket', onSocket);
      const summary = await first.run({ log, onEvent: (event) => void events.push(JSON.stringify(event)) });
      diagnostics.unsubscribe('net.client.socket', onSocket);
      events.push(JSON.stringify(summary));
      expect(summary.failures).toEqual([]);
      expect(summary.run.status).toBe('succeeded');
    }, 120_000);

    afterAll(() => first.close());

    it('fills every declared column of every table at least once', async () => {
      const empty: string[] = [];
      for (const { table, columns } of await tablesOf(folder, first.warehouse)) {
        const counts = columns.map((column) => `count("${column.name}")`).join(', ');
        const { rows } = await first.warehouse.query(`select ${counts} from conformance."${table}"`);
        for (const [index, column] of columns.entries())
          if (Number(rows[0]?.[index]) === 0) empty.push(`${table}.${column.name}`);
      }
      expect(empty).toEqual([]);
    });

    it('gives the same rows twice', async () => {
      const second = await openHost(folder, { variant });
      try {
        await second.run();
        for (const { table } of await tablesOf(folder, first.warehouse)) {
          // The origin of files is a path of the sandbox's own folder, which is a new one each time.
          const sql = `select count(*), sum(hash(t)::hugeint)::varchar from (select * exclude (_origin) from conformance."${table}") t`;
          expect((await second.warehouse.query(sql)).rows, table).toEqual(
            (await first.warehouse.query(sql)).rows,
          );
        }
      } finally {
        await second.close();
      }
    }, 120_000);

    it('has no two rows with the same key', async () => {
      for (const { table, key } of await tablesOf(folder, first.warehouse)) {
        if (key.length === 0) continue;
        const columns = key.map((column) => `"${column}"`).join(', ');
        const { rows } = await first.warehouse.query(
          `select ${columns}, count(*) from conformance."${table}" group by ${columns} having count(*) > 1`,
        );
        expect(rows, table).toEqual([]);
      }
    });

    it('connects to its sandbox only', () => {
      const { baseUrl, settings } = first.sandbox;
      const port = baseUrl === undefined ? settings.port : new URL(baseUrl).port;
      const allowed = port === undefined ? [] : [`127.0.0.1:${port}`];
      expect([...new Set(connected)]).toEqual(allowed);
    });

    // A source without HTTP has no host to refuse.
    if (source.http !== undefined)
      it('is refused when its host is not declared, if it needs one', async () => {
        const host = await openHost(folder, { hosts: [], variant });
        try {
          // Sources that look before they read are refused while they plan.
          const said = await host.run().then(
            ({ run, failures }) => `${run.status}: ${failures[0]?.error}`,
            (error: Error) => `failed: ${error.message}`,
          );
          expect(said).toMatch(
            first.sandbox.baseUrl === undefined ? /^succeeded/ : /^failed: .*may not talk to this host/,
          );
          expect(host.sandbox.requests).toEqual([]);
        } finally {
          await host.close();
        }
      });

    it('shows no secret in events, logs or the ledger', async () => {
      const secrets = textsIn(first.sandbox.secret);
      const ledger = await ledgerText(first.warehouse);
      for (const secret of secrets)
        expect([...events, ...log, ledger].filter((text) => text.includes(secret))).toEqual([]);
    });
  });

  it.each(folder.sandbox.faults)(
    'ends $ends when the sandbox has the fault "$name"',
    async (fault) => {
      const host = await openHost(folder, { fault: fault.name, variant: fault.variant });
      try {
        const said: string[] = [];
        const status = await host.run({ log: said }).then(
          (summary) => {
            said.push(JSON.stringify(summary), summary.run.error ?? '');
            return summary.run.status;
          },
          (error: Error & { code?: string }) => {
            said.push(error.message);
            return error.code === 'deferred' ? 'deferred' : 'failed';
          },
        );
        expect(status, said.join('\n')).toBe(fault.ends);
        if (fault.says !== undefined) expect(said.join('\n')).toContain(fault.says);
        const text = `${said.join('\n')}${await ledgerText(host.warehouse)}`;
        for (const secret of textsIn(host.sandbox.secret)) expect(text).not.toContain(secret);
      } finally {
        await host.close();
      }
    },
    120_000,
  );
});

interface Variant {
  readonly variant: string | undefined;
  readonly title: string;
}

function variantsOf({ sandbox: { variants } }: SourceFolder): Variant[] {
  if (variants === undefined) return [{ variant: undefined, title: '' }];
  return variants.map((variant) => ({ variant, title: `(${variant})` }));
}

function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.values(value).flatMap(textsIn);
}

interface LoadedTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly Column[];
}

async function tablesOf({ name, source }: SourceFolder, warehouse: Warehouse): Promise<LoadedTable[]> {
  const { rows } = await warehouse.query(
    `select table_name from information_schema.tables where table_schema = 'conformance' order by 1`,
  );
  return rows.map(([table]) => {
    const file = `schemas/${name}/${String(table)}.json`;
    const columns = parseSchema(readFileSync(join(root, file), 'utf8'), file);
    return { table: String(table), key: source.tables[String(table)]?.key ?? [], columns };
  });
}

async function ledgerText(warehouse: Warehouse): Promise<string> {
  const tables = await warehouse.query(
    `select table_name from information_schema.tables where table_schema = 'catchment'`,
  );
  const texts: string[] = [];
  for (const [table] of tables.rows) {
    const { rows } = await warehouse.query(`select * from catchment."${String(table)}"`);
    texts.push(JSON.stringify(rows));
  }
  return texts.join('\n');
}

function findFunction(value: unknown, path = ''): string | undefined {
  if (typeof value === 'function') return path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = findFunction(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
