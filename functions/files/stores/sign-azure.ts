import { createHmac } from 'node:crypto';
import type { RawCall } from '../../core/http/http.ts';

/**
 * Signs calls with an account's key ("Shared Key").
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
 *
 * @param contentLength of a call with a body
 */
export function signAzure(
  account: string,
  accountKey: string,
  contentLength = '',
): NonNullable<RawCall['sign']> {
  const key = Buffer.from(accountKey, 'base64');
  return async ({ method, url, headers }, now) => {
    const date = now.toUTCString();
    const own = Object.entries({ ...headers, 'x-ms-date': date })
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name.startsWith('x-ms-'))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const query = [...url.searchParams]
      .map(([name, value]) => `\n${name.toLowerCase()}:${value}`)
      .sort()
      .join('');
    // The other headers of content are empty, since a read has no body.
    const [ifMatch, range] = [headers['if-match'] ?? '', headers.range ?? ''];
    const text = [
      method,
      ...['', '', contentLength, '', '', '', '', ifMatch, '', '', range],
      ...own.map(([name, value]) => `${name}:${value}`),
      `/${account}${url.pathname}${query}`,
    ].join('\n');
    const signature = createHmac('sha256', key).update(text).digest('base64');
    return { 'x-ms-date': date, authorization: `SharedKey ${account}:${signature}` };
  };
}
