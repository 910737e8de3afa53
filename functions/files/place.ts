import { fatal } from '../core/errors.ts';

/** Where a root is. */
export type Place =
  | { readonly kind: 'local'; readonly root: string }
  | BucketPlace<'gs'>
  | BucketPlace<'s3'>
  | (BucketPlace<'azure'> & { readonly account: string });

export interface BucketPlace<Kind extends string> {
  readonly kind: Kind;
  readonly root: string;
  /** Bucket; of Azure, the container. */
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
}

const shapes = 'gs://bucket/prefix, s3://bucket/prefix, azure://account/container/prefix, or a folder';

/** @throws fatal `bad-input` for a URL that names no bucket */
export function parsePlace(root: string): Place {
  const [, kind, rest = ''] = /^([a-z][a-z0-9]*):\/\/(.*)$/i.exec(root) ?? [];
  if (kind === undefined) return { kind: 'local', root };
  const names = rest.split('/').filter((name) => name !== '');
  const refuse = (what: string) => fatal('bad-input', { where: 'root', what, got: root, allowed: shapes });
  const place = (bucket: string | undefined, path: readonly string[]) => {
    if (bucket === undefined) throw refuse('names no bucket');
    return { root, bucket, prefix: path.map((name) => `${name}/`).join('') };
  };
  if (kind === 'gs' || kind === 's3') return { kind, ...place(names[0], names.slice(1)) };
  if (kind !== 'azure') throw refuse('is in no store that is known');
  return { kind, account: names[0] ?? '', ...place(names[1], names.slice(2)) };
}
