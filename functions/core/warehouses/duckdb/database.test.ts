import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-duckdb-'));
});
afterAll(() => rm(folder, { recursive: true }));

const place = (name: string) => join(folder, name, 'main.duckdb');

/** Runs code in a process of its own; `path` is the file, `openDuckdb` and `openDatabase` are there. */
function start(path: string, code: string, shell = ''): ChildProcess {
  const modules = ['warehouse', 'database'].map((name) => new URL(`./${name}.ts`, import.meta.url).href);
  const script = `
    const [{ openDuckdb }, { openDatabase }] = await Promise.all(${JSON.stringify(modules)}.map((url) => import(url)));
    const path = ${JSON.stringify(path)};
    ${code}`;
  const command = `${shell} exec "$0" --input-type=module -e "$1"`;
  return spawn('sh', ['-c', command, process.execPath, script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function finished(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; out: string }> {
  let out = '';
  child.stdout?.on('data', (chunk) => {
    out += String(chunk);
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out }));
  });
}

async function rowsIn(path: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const warehouse = await openDuckdb({ path });
  try {
    return (await warehouse.query(sql)).rows;
  } finally {
    await warehouse.close();
  }
}

describe('a DuckDB file', () => {
  it('is locked while another process has it, and the error names that process', async () => {
    const path = place('locked');
    const child = start(
      path,
      `await openDuckdb({ path }); console.log('open'); setInterval(() => {}, 1000);`,
    );
    const done = finished(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    await expect(openDuckdb({ path })).rejects.toMatchObject({
      kind: 'retryable',
      code: 'warehouse-locked',
      message: expect.stringMatching(
        new RegExp(
          `^the warehouse file ${path} is in use by process ${child.pid} \\(.+\\); ` +
            'wait until it ends, or stop it; DuckDB lets one process at a time open a file$',
        ),
      ),
    });
    child.kill('SIGKILL');
    await done;
    expect(await rowsIn(path, 'select 1')).toEqual([[1]]);
  });

  it('is as it was after a process was killed in the middle of a transaction', async () => {
    const path = place('killed');
    const database = await openDatabase(path, '512MB');
    await database.write((connection) => connection.run('CREATE TABLE t AS SELECT 1 AS a'));
    await database.close();
    const killed = await finished(
      start(
        path,
        `const database = await openDatabase(path, '512MB');
         await database.transaction(async (connection) => {
           await connection.run('DELETE FROM t');
           await connection.run('INSERT INTO t FROM range(300000)');
           await connection.run('ALTER TABLE t RENAME TO u');
           process.kill(process.pid, 'SIGKILL');
           await new Promise(() => {});
         });`,
      ),
    );
    expect(killed.signal).toBe('SIGKILL');
    expect(await rowsIn(path, 'from t')).toEqual([[1]]);
  });

  it('keeps every commit of a process that was killed before it could close', async () => {
    const path = place('unclosed');
    const killed = await finished(
      start(
        path,
        `const database = await openDatabase(path, '512MB');
         await database.write((connection) => connection.run('CREATE TABLE t AS SELECT 1 AS a'));
         await database.transaction(async (connection) => {
           await connection.run('CREATE TABLE next (a BIGINT NOT NULL)');
           await connection.run('INSERT INTO next FROM range(300000)');
           await connection.run('DROP TABLE t');
           await connection.run('ALTER TABLE next RENAME TO t');
         });
         process.kill(process.pid, 'SIGKILL');`,
      ),
    );
    expect(killed.signal).toBe('SIGKILL');
    expect(await rowsIn(path, 'select count(*), max(a) from t')).toEqual([[300_000, 299_999]]);
  });

  it('lets a process end by itself once it is closed, and leaves no log behind', async () => {
    const path = place('ends');
    const child = start(
      path,
      `const one = await openDuckdb({ path }); await one.close(); console.log('closed');`,
    );
    expect(await finished(child)).toEqual({ code: 0, signal: null, out: 'closed\n' });
    expect(existsSync(path)).toBe(true);
    expect(existsSync(`${path}.wal`)).toBe(false);
  });

  it('says that the disk is full, and keeps what was committed', async () => {
    const path = place('full');
    // A limit on the size of files stands for the disk: 4096 blocks of 512 bytes.
    const child = start(
      path,
      `const database = await openDatabase(path, '64MB');
       await database.write((connection) => connection.run('CREATE TABLE t AS SELECT 1::BIGINT AS a'));
       const fill = (connection) => connection.run('INSERT INTO t SELECT (hash(i) // 4)::BIGINT FROM range(3000000) r(i)');
       const error = await database.transaction(fill).then(() => ({}), (thrown) => thrown);
       console.log(error.kind, error.code, error.message);
       await database.close();`,
      'ulimit -f 4096;',
    );
    const { out } = await finished(child);
    expect(out).toMatch(
      new RegExp(
        `^fatal disk-full there is no room left to write ${path} \\(.+File too large.*\\); ` +
          'free some space and run again; nothing of the slice was loaded\n$',
      ),
    );
    expect(await rowsIn(path, 'select a from t')).toEqual([[1]]);
  });

  it('is refused when it is no DuckDB file, or a damaged one', async () => {
    const text = place('text');
    await mkdir(join(folder, 'text'));
    await writeFile(text, 'a,b\n1,2\n'.repeat(5000));
    await expect(openDuckdb({ path: text })).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message:
        `${text} is not a warehouse file that this version can read (IO Error: The file "${text}" exists, but it is ` +
        'not a valid DuckDB database file!); move it away, or point the stack file at another path',
    });
    const whole = place('whole');
    await rowsIn(whole, 'select 1');
    const cut = join(folder, 'cut.duckdb');
    await copyFile(whole, cut);
    await truncate(cut, 13_000);
    await expect(openDuckdb({ path: cut })).rejects.toMatchObject({
      code: 'warehouse',
      message: expect.stringContaining('cut.duckdb is not a warehouse file that this version can read'),
    });
  });

  it('is refused when its path is a folder, or lies in a file', async () => {
    const inside = join(folder, 'a-file', 'main.duckdb');
    await writeFile(join(folder, 'a-file'), '');
    await expect(openDuckdb({ path: inside })).rejects.toMatchObject({
      code: 'warehouse',
      message: expect.stringMatching(
        /main\.duckdb cannot be opened \(EEXIST.+\); check the path and its permissions$/,
      ),
    });
    await expect(openDuckdb({ path: folder })).rejects.toMatchObject({
      code: 'warehouse',
      message: expect.stringMatching(
        /cannot be opened \(.+Is a directory.*\); check the path and its permissions$/,
      ),
    });
  });

  it('is refused when the memory limit is none', async () => {
    await expect(openDuckdb({ path: place('memory'), memoryLimit: 'lots' })).rejects.toMatchObject({
      code: 'warehouse',
      message: expect.stringMatching(
        /^the memory limit of .+ is wrong or too small \(.+\); set "memoryLimit" of the warehouse in the stack file, such as 2GB$/,
      ),
    });
  });

  it('is one file by whatever name this process opens it', async () => {
    const path = place('names');
    const first = await openDatabase(path, '512MB');
    const link = join(folder, 'link.duckdb');
    await symlink(path, link);
    const second = await openDatabase(link, '512MB');
    expect(second.path).toBe(first.path);
    await first.write((connection) => connection.run('CREATE TABLE t AS SELECT 1 AS a'));
    expect(await second.read(async (reader) => (await reader.runAndReadAll('from t')).getRows())).toEqual([
      [1],
    ]);
    await first.close();
    await second.close();
  });

  it('runs a transaction again that another connection outran', async () => {
    const database = await openDatabase(place('conflict'), '512MB');
    await database.write((connection) => connection.run('CREATE TABLE t AS SELECT 0 AS a'));
    let tries = 0;
    await database.transaction(async (connection) => {
      tries += 1;
      await connection.run('FROM t');
      if (tries === 1) await database.read((rival) => rival.run('UPDATE t SET a = a + 10'));
      await connection.run('UPDATE t SET a = a + 1');
    });
    expect(tries).toBe(2);
    const rows = await database.read(async (reader) => (await reader.runAndReadAll('from t')).getRows());
    expect(rows).toEqual([[11]]);
    await database.close();
  });
});
