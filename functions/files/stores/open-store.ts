import type { Http } from '../../core/http/http.ts';
import { parsePlace } from '../place.ts';
import type { FileSecret, FileSettings } from '../source.ts';
import type { Store } from './store.ts';

export interface StoreRequest {
  /** The table, for errors about local files. */
  readonly where: string;
  readonly settings: FileSettings;
  readonly secret: FileSecret;
  readonly http: Http;
  readonly signal: AbortSignal;
}

/** The store that the group's root names. Only its own code is loaded. */
export async function openStore({ where, settings, secret, http, signal }: StoreRequest): Promise<Store> {
  const { root, endpoint, region, pathStyle } = settings;
  const place = parsePlace(root);
  switch (place.kind) {
    case 'local':
      return (await import('./local.ts')).openLocal({ root, where, signal });
    case 'gs':
      return (await import('./gcs.ts')).openGcs({ place, http });
    case 's3':
      return (await import('./s3.ts')).openS3({ place, http, region, endpoint, pathStyle, keys: secret.s3 });
    case 'azure':
      return (await import('./azure.ts')).openAzure({ place, http, endpoint, keys: secret.azure });
  }
}
