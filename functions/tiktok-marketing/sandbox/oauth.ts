import { VendorError } from './answer.ts';
import type { Advertiser } from './world.ts';

export interface Credentials {
  readonly app_id: string;
  readonly app_secret: string;
  readonly access_token: string;
}

export const credentials: Credentials = {
  app_id: '7100000000000000007',
  app_secret: 'sandbox-app-secret-b7d2f0',
  access_token: 'sandbox-access-token-4e91c8',
};

/** The one the consent page of a sandbox would hand over; it is good for one exchange. */
export const authCode = 'sandbox-auth-code';

export interface OAuth {
  /** `POST oauth2/access_token/` */
  exchange(body: unknown): unknown;
  /** `GET oauth2/advertiser/get/` */
  advertisers(query: Readonly<Record<string, string>>): unknown;
}

export function createOAuth(advertisers: readonly Advertiser[]): OAuth {
  let isSpent = false;
  return {
    exchange(body) {
      const {
        app_id,
        secret,
        auth_code,
        return_advertiser_ids = true,
      } = (body ?? {}) as Record<string, unknown>;
      checkApp(app_id, secret);
      if (auth_code !== authCode || isSpent)
        throw new VendorError(40110, 'The auth_code is wrong, used or expired.');
      isSpent = true;
      return {
        access_token: credentials.access_token,
        advertiser_ids: return_advertiser_ids === false ? [] : advertisers.map(({ id }) => id),
        scope: [1, 2, 4],
        token_type: 'Bearer',
      };
    },
    advertisers({ app_id, secret }) {
      checkApp(app_id, secret);
      return { list: advertisers.map(({ id, name }) => ({ advertiser_id: id, advertiser_name: name })) };
    },
  };
}

function checkApp(appId: unknown, secret: unknown): void {
  if (appId !== credentials.app_id || secret !== credentials.app_secret)
    throw new VendorError(40113, 'The app_id or the secret is wrong.');
}

/** @throws VendorError 40104 or 40105 */
export function checkToken(token: string | undefined): void {
  if (token === undefined || token === '') throw new VendorError(40104, 'Access token is empty.');
  if (token !== credentials.access_token)
    throw new VendorError(40105, 'Access token is incorrect or has been revoked.');
}
