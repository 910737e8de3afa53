import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { measure } from '../../child.ts';
import { openByHand } from '../../duckdb.ts';
import { benchColumns, benchTable } from '../dataset.ts';
import type { MariadbLoad } from './load.ts';

const types: Readonly<Record<string, string>> = {
  ...{ INTEGER: 'BIGINT', NUMERIC: 'DECIMAL(38,9)', FLOAT: 'DOUBLE', BOOLEAN: 'BOOLEAN', DATE: 'DATE' },
  ...{ TIME: 'TIME', DATETIME: 'TIMESTAMP', TIMESTAMP: 'TIMESTAMPTZ', STRING: 'VARCHAR', JSON: 'VARCHAR' },
  BYTES: 'VARCHAR',
};

/** What a person would type: the client to a file, then the file into a table, with the client's escapes undone. */
await measure<MariadbLoad>(async (input) => {
  const { connection, close } = await openByHand(input.path);
  const columns = benchColumns.map(({ name, type }) => `'${name}': '${types[type]}'`).join(', ');
  return async () => {
    await dump(input);
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(
      `CREATE TABLE rows AS SELECT * REPLACE (
         unhex(digest) AS digest,
         replace(replace(replace(replace(notes, '\\\\', chr(1)), '\\t', chr(9)), '\\n', chr(10)), chr(1), '\\') AS notes)
       FROM read_csv('${input.file}', delim = '\\t', quote = '', escape = '', header = true, nullstr = 'NULL',
         auto_detect = false, columns = {${columns}})`,
    );
    close();
  };
});

async function dump({ host, port, user, password, database, file }: MariadbLoad): Promise<void> {
  const names = benchColumns.map(({ name }) => (name === 'digest' ? 'hex(digest) AS digest' : name));
  const output = await open(file, 'w');
  const child = spawn(
    'mariadb',
    [
      ...['--no-defaults', '-h', host, '-P', String(port), '-u', user, '--default-character-set=utf8mb4'],
      ...['--quick', '--batch', "--init-command=SET time_zone = '+00:00'", database],
      ...['-e', `SELECT ${names.join(', ')} FROM ${benchTable}`],
    ],
    { env: { ...process.env, MYSQL_PWD: password }, stdio: ['ignore', output.fd, 'inherit'] },
  );
  const [code] = (await once(child, 'close')) as [number | null];
  await output.close();
  if (code !== 0) throw new Error(`mariadb ended with ${code}`);
}
