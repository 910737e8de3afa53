import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unavailable } from '../../../tests/setup/unavailable.ts';
import { fetchBytes } from '../fetch-object.ts';
import type { Azurite } from '../sandbox/azurite.ts';
import { startAzurite } from '../sandbox/azurite.ts';
import type { TestPlace } from '../sandbox/places.ts';
import { openPlace, s3Keys } from '../sandbox/places.ts';
import { signS3 } from './sign-s3.ts';

let place: TestPlace | undefined;
afterEach(() => place?.close());

describe('keys of S3', () => {
  it('sign as the example of the documentation does', async () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "GET Object"
    const sign = signS3(
      { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
      'us-east-1',
    );
    const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt');
    const headers = await sign(
      { method: 'GET', url, headers: { range: 'bytes=0-9' }, body: undefined },
      new Date('2013-05-24T00:00:00Z'),
    );
    expect(headers.authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('may be lent for a session', async () => {
    place = await openPlace('s3', { sessionToken: 'a-session' });
    await place.put('x.csv', 'x');
    expect(await (await place.openStore()).find('*.csv')).toHaveLength(1);
    const without = await place.openStore({ secret: { s3: s3Keys } });
    await expect(without.find('*.csv')).rejects.toThrow(
      'the credentials are not taken (HTTP 400, InvalidToken)',
    );
  });

  it('are refused when the secret is another one, by list and by name', async () => {
    place = await openPlace('s3');
    await place.put('x.csv', 'x');
    const store = await place.openStore({ secret: { s3: { ...s3Keys, secretAccessKey: 'another' } } });
    for (const path of ['*.csv', 'x.csv'])
      await expect(store.find(path)).rejects.toThrow(
        '[s3://exports/in] the credentials are not taken (HTTP 403, SignatureDoesNotMatch); check the field "s3" of the group\'s secret',
      );
  });

  it('are not needed by nobody: without them the stand-in refuses', async () => {
    place = await openPlace('s3');
    const store = await place.openStore({ secret: {} });
    await expect(store.find('*.csv')).rejects.toThrow(
      'objects may not be listed (HTTP 403, AccessDenied); grant s3:ListBucket on the bucket, or name the object in "path" without wildcards',
    );
  });

  it('that expire in the middle say so, and what to do', async () => {
    place = await openPlace('s3');
    await place.put('x.csv', 'x');
    const store = await place.openStore();
    const object = await store.stat('x.csv');
    place.misbehave(() => ({ status: 400, code: 'ExpiredToken' }));
    for (const call of [() => store.find('*.csv'), () => store.stat('x.csv')])
      await expect(call()).rejects.toThrow(
        'the credentials have expired (HTTP 400, ExpiredToken); store new ones in the field "s3" of the group\'s secret; the next run goes on where this one stopped',
      );
    await expect(object && fetchBytes(store, object)).rejects.toThrow('the credentials have expired');
  });

  it('are no help to a clock that is wrong, which is said', async () => {
    place = await openPlace('s3');
    place.misbehave(() => ({ status: 403, code: 'RequestTimeTooSkewed' }));
    await expect((await place.openStore()).find('*.csv')).rejects.toThrow(
      '[s3://exports/in] the clock of this machine is too far off for a signature (HTTP 403, RequestTimeTooSkewed); set the clock',
    );
  });

  it('may read without listing', async () => {
    place = await openPlace('s3', { allow: { list: false } });
    await place.put('x.csv', 'x');
    const store = await place.openStore();
    expect(await store.find('x.csv')).toHaveLength(1);
    await expect(store.find('*.csv')).rejects.toThrow('objects may not be listed');
    await expect(store.find('none.csv')).rejects.toThrow(
      'the object may not be read (HTTP 403, AccessDenied); grant s3:GetObject on the objects (and s3:ListBucket, without which S3 answers like this for an object that is not there, too)',
    );
  });

  it('of another region are told which one it is', async () => {
    place = await openPlace('s3');
    place.misbehave(() => ({
      status: 301,
      code: 'PermanentRedirect',
      headers: { 'x-amz-bucket-region': 'us-west-2' },
    }));
    await expect((await place.openStore()).find('*.csv')).rejects.toThrow(
      '[s3://exports/in] the bucket is in another region: got "eu-central-1"; allowed: us-west-2; correct region of the group in the stack file',
    );
  });
});

describe('the service account on GCS', () => {
  it('gets a new token when the old one is no longer taken, and asks for one only once an hour', async () => {
    let token = 'one';
    place = await openPlace('gs', { token: () => token });
    await place.put('x.csv', 'x');
    const store = await place.openStore();
    await store.find('*.csv');
    await store.find('*.csv');
    token = 'two';
    expect(await store.find('*.csv')).toHaveLength(1);
    expect(place.requests.filter((line) => line.includes('computeMetadata'))).toHaveLength(2);
  });

  it('says where gs:// can be read when there is no metadata server', async () => {
    place = await openPlace('gs');
    place.misbehave(({ kind }) => (kind === 'token' ? { status: 404 } : undefined));
    await expect((await place.openStore()).find('*.csv')).rejects.toThrow(
      /\[p\/g\] no token of a Google service account could be had from 127\.0\.0\.1:\d+; gs:\/\/ is read by deployed functions and jobs/,
    );
  });

  it('says which role is missing', async () => {
    place = await openPlace('gs', { allow: { list: false } });
    await expect((await place.openStore()).find('*.csv')).rejects.toThrow(
      '[gs://exports/in] objects may not be listed (HTTP 403, forbidden); grant storage.objects.list (roles/storage.objectViewer), or name the object in "path" without wildcards: then nothing is listed',
    );
  });
});

const noAzurite = unavailable('azurite');
describe.skipIf(noAzurite !== undefined)('keys of Azure', () => {
  let azurite: Azurite;
  beforeAll(async () => {
    azurite = await startAzurite();
  }, 60_000);
  afterAll(() => azurite?.close());

  it('are refused when they are not the account’s', async () => {
    place = await openPlace('azure', { azurite });
    const accountKey = Buffer.from('another key').toString('base64');
    const store = await place.openStore({ secret: { azure: { accountKey } } });
    for (const path of ['*.csv', 'x.csv'])
      await expect(store.find(path)).rejects.toThrow(
        /the credentials are not taken \(HTTP 403, AuthorizationFailure|the credentials are not taken \(HTTP 403, AuthenticationFailed/,
      );
  });

  it('may be a shared access signature, which is in no error', async () => {
    place = await openPlace('azure', { azurite });
    await place.put('x.csv', 'x');
    const [, , , container = ''] = place.settings.root.split('/');
    const good = await place.openStore({
      secret: { azure: { sasToken: azurite.sign(container, 'rl', 3600) } },
    });
    const [object] = await good.find('*.csv');
    expect(object && (await fetchBytes(good, object)).toString()).toBe('x');
    const sasToken = azurite.sign(container, 'rl', -3600);
    const store = await place.openStore({ secret: { azure: { sasToken } } });
    const error = await store.find('*.csv').catch((thrown: Error) => thrown);
    expect(String(error)).toMatch(/the credentials (have expired|are not taken)/);
    expect(String(error)).not.toContain(new URLSearchParams(sasToken).get('sig'));
  });
});
