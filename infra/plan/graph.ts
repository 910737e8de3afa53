/** A value of a resource's inputs: secrets are `[secret]`, values known only after a deployment are null. */
export type GraphValue =
  | string
  | number
  | boolean
  | null
  | readonly GraphValue[]
  | { readonly [key: string]: GraphValue };

export interface GraphResource {
  readonly urn: string;
  /** Pulumi type token such as `gcp:bigquery/table:Table`. */
  readonly type: string;
  /** Pulumi's logical name, unique within its type and parent. */
  readonly name: string;
  /** URN of the parent; undefined for the stack itself. */
  readonly parent?: string | undefined;
  /** False for components, which exist only in the program. */
  readonly custom: boolean;
  readonly protect: boolean;
  /** URNs, sorted. */
  readonly dependencies: readonly string[];
  readonly inputs: { readonly [key: string]: GraphValue };
  /** The pipeline it belongs to; undefined for what pipelines share. */
  readonly pipeline?: string | undefined;
}

/** What a Pulumi program asks for, as JSON. Resources are sorted by URN, so equal programs give equal graphs. */
export interface Graph {
  readonly project: string;
  readonly stack: string;
  readonly resources: readonly GraphResource[];
  readonly outputs: { readonly [key: string]: GraphValue };
}

/** `Table` for `gcp:bigquery/table:Table`. */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf(':') + 1);
}

/** `bigquery Table` for `gcp:bigquery/table:Table`, `Stack` for `pulumi:pulumi:Stack`. */
export function readableType(type: string): string {
  const [, module = '', name = ''] = type.split(':');
  const service = module.split('/')[0] ?? '';
  return ['pulumi', 'index', ''].includes(service) ? name : `${service} ${name}`;
}
