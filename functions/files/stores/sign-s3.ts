import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { RawCall } from '../../core/http/http.ts';

/** An access key, with the token of a session where the key is lent. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** SHA-256 of nothing: no call of ours has a body. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Signs calls of S3 (Signature Version 4). Each attempt anew: a signature holds for fifteen minutes. */
export function signS3(keys: S3Keys, region: string): NonNullable<RawCall['sign']> {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    sha256: Sha256,
    // S3 alone takes the path as it is sent.
    uriEscapePath: false,
  });
  return async ({ method, url, headers }, now) => {
    const signed = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { ...headers, host: url.host, 'x-amz-content-sha256': emptyHash },
      },
      { signingDate: now },
    );
    return signed.headers;
  };
}
