import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { measure } from '../child.ts';
import { openByHand } from '../duckdb.ts';
import type { StoreLoad } from './load.ts';

/** SHA-256 of nothing. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What a person would type: curl to a file, then the statement. */
await measure<StoreLoad>(async ({ path, name, typed, endpoint, region, keys }) => {
  const { connection, close } = await openByHand(path);
  const file = join(dirname(path), name);
  return async () => {
    await promisify(execFile)('curl', [
      ...['--silent', '--fail', '--output', file],
      ...['--aws-sigv4', `aws:amz:${region}:s3`],
      ...['--user', `${keys.accessKeyId}:${keys.secretAccessKey}`],
      // Curl does not hash an empty body by itself, and S3 wants the hash.
      ...['--header', `x-amz-content-sha256: ${emptyHash}`],
      `${endpoint}/bench/${name}`,
    ]);
    await connection.run(`CREATE TABLE flights AS FROM ${typed.replace('FILE', file)}`);
    close();
  };
});
