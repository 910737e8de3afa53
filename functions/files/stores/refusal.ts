import type { CatchmentError } from '../../core/errors.ts';
import { fatal, retryable } from '../../core/errors.ts';

/** What a store refused, in words that all stores share. */
export interface Refused {
  /** The root: `s3://bucket/prefix`. */
  readonly root: string;
  readonly doing: 'list' | 'read';
  readonly status: number;
  /** The store's own word, such as `AccessDenied`; never a text that may repeat a secret. */
  readonly code: string;
  /** What the account needs to do this, such as `s3:ListBucket`. */
  readonly permission: string;
  /** What proves who asks, such as `the field "s3" of the group's secret`. */
  readonly credentials: string;
}

const expired = /expired|TokenRefreshRequired/i;
const unknownKey =
  /InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|InvalidToken|AuthorizationFailure/i;

/** The error for an answer that means no more than its status and code. */
export function refusal({ root, doing, status, code, permission, credentials }: Refused): CatchmentError {
  const said = code === '' ? `HTTP ${status}` : `HTTP ${status}, ${code}`;
  if (expired.test(code))
    return fatal('auth', {
      where: root,
      what: `the credentials have expired (${said})`,
      todo: `store new ones in ${credentials}; the next run goes on where this one stopped`,
    });
  if (code === 'RequestTimeTooSkewed')
    return fatal('auth', {
      where: root,
      what: `the clock of this machine is too far off for a signature (${said})`,
      todo: 'set the clock; the store takes requests of a quarter of an hour ago at most',
    });
  if (status === 401 || unknownKey.test(code))
    return fatal('auth', {
      where: root,
      what: `the credentials are not taken (${said})`,
      todo: `check ${credentials}`,
    });
  if (status === 403)
    return fatal('auth', {
      where: root,
      what: doing === 'list' ? `objects may not be listed (${said})` : `the object may not be read (${said})`,
      todo:
        doing === 'list'
          ? `grant ${permission}, or name the object in "path" without wildcards: then nothing is listed`
          : `grant ${permission}, and check ${credentials}`,
    });
  if (status === 404 && doing === 'list')
    return fatal('bad-input', {
      where: root,
      what: `there is no such bucket (${said})`,
      todo: 'correct root of the group in the stack file',
    });
  if (status === 404 || status === 412) return changed(root, said);
  return fatal('vendor', { where: root, what: `the store refused to ${doing} (${said})`, got: code });
}

/** An object is not what it was when it was listed, or when its reading began. */
export function changed(object: string, how: string): CatchmentError {
  return retryable('vendor', {
    where: object,
    what: `the object was replaced or deleted while it was read (${how})`,
    todo: 'nothing of it was loaded; the next run reads what is there then',
  });
}
