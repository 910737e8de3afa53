import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
// The generated messages are CommonJS whose names Node cannot see from a module: only the default import has them.
import type * as messages from '@pulumi/pulumi/proto/resource_pb.js';
import proto from '@pulumi/pulumi/proto/resource_pb.js';

import {
  specialArchiveSig,
  specialAssetSig,
  specialResourceSig,
  specialSecretSig,
  specialSigKey,
  unknownValue,
} from '@pulumi/pulumi/runtime/rpc.js';
import type { GraphResource, GraphValue } from './graph.ts';

type Callback<Response> = (error: Error | null, response?: Response) => void;

/**
 * Stands in for Pulumi's engine inside this process. Where the SDK's mocks see a resource's type and inputs only,
 * this sees the whole registration: parent, protection, dependencies and secrets.
 */
export class RecordingMonitor {
  readonly resources: GraphResource[] = [];
  outputs: { readonly [key: string]: GraphValue } = {};

  readonly #urns = new Set<string>();
  readonly #project: string;
  readonly #stack: string;
  readonly #root: string;

  constructor(options: { readonly project: string; readonly stack: string; readonly root: string }) {
    this.#project = options.project;
    this.#stack = options.stack;
    this.#root = options.root;
  }

  // Output values stay unsupported: their dependencies arrive with the request anyway, and inputs stay plain.
  getDeploymentInfo(_request: unknown, callback: Callback<messages.DeploymentInfo>): void {
    const { ResourceMonitorFeature: feature } = proto;
    const info = new proto.DeploymentInfo();
    info.setSupportedfeaturesList([
      feature.RESOURCE_MONITOR_FEATURE_SECRETS,
      feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
      feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
      feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    ]);
    callback(null, info);
  }

  registerResource(
    request: messages.RegisterResourceRequest,
    callback: Callback<messages.RegisterResourceResponse>,
  ): void {
    const urn = this.#urn(request.getParent(), request.getType(), request.getName());
    if (this.#urns.has(urn)) {
      callback(rpcError(`duplicate resource URN "${urn}"; give one of the two another name`));
      return;
    }
    this.#urns.add(urn);
    this.resources.push({
      urn,
      type: request.getType(),
      name: request.getName(),
      parent: request.getParent() || undefined,
      custom: request.getCustom(),
      protect: request.getProtect() ?? false,
      dependencies: [...request.getDependenciesList()].sort(),
      inputs: this.#properties(request.getObject()?.toJavaScript() ?? {}),
    });
    const response = new proto.RegisterResourceResponse();
    response.setUrn(urn);
    response.setObject(request.getObject());
    callback(null, response);
  }

  registerResourceOutputs(
    request: messages.RegisterResourceOutputsRequest,
    callback: Callback<Record<string, never>>,
  ): void {
    const isStack = request.getUrn().includes('::pulumi:pulumi:Stack::');
    if (isStack) this.outputs = this.#properties(request.getOutputs()?.toJavaScript() ?? {});
    callback(null, {});
  }

  invoke(request: messages.ResourceInvokeRequest, callback: Callback<never>): void {
    callback(noCloud(`asks the cloud ("${request.getTok()}")`));
  }

  readResource(request: messages.ReadResourceRequest, callback: Callback<never>): void {
    callback(noCloud(`reads "${request.getName()}" (${request.getType()}) from the cloud`));
  }

  #urn(parent: string, type: string, name: string): string {
    const parentType = parent.split('::')[2] ?? '';
    const isChild = parentType !== '' && parentType !== 'pulumi:pulumi:Stack';
    const qualified = isChild ? `${parentType}$${type}` : type;
    return `urn:pulumi:${this.#stack}::${this.#project}::${qualified}::${name}`;
  }

  #properties(properties: Record<string, unknown>): { readonly [key: string]: GraphValue } {
    const known = Object.entries(properties)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(known.map(([key, value]) => [key, this.#value(value)]));
  }

  #value(value: unknown): GraphValue {
    if (value === unknownValue || value === null || value === undefined) return null;
    if (Array.isArray(value)) return value.map((item) => this.#value(item));
    if (typeof value !== 'object') return value as string | number | boolean;
    const record = value as Record<string, unknown>;
    const signature = record[specialSigKey];
    if (signature === specialSecretSig) return '[secret]';
    if (signature === specialResourceSig) return String(record.urn);
    if (signature === specialAssetSig || signature === specialArchiveSig) return this.#asset(record);
    return this.#properties(record);
  }

  /** Files become their path below the project and the hash of their content, so that two checkouts compare. */
  #asset(record: Record<string, unknown>): GraphValue {
    const { path, text, uri, assets } = record;
    if (typeof path === 'string') {
      const file = isAbsolute(path) ? path : resolve(this.#root, path);
      const shown = relative(this.#root, file);
      const name = shown.startsWith(`..${sep}`) ? path : shown;
      const sha256 = isFile(file) ? hash(readFileSync(file)) : null;
      return { file: name, sha256 };
    }
    if (typeof text === 'string') return { text: `${text.length} characters`, sha256: hash(text) };
    if (typeof uri === 'string') return { uri };
    return { archive: this.#value(assets) };
  }
}

function noCloud(what: string): Error {
  const todo = 'compute the value or name it in the stack file';
  return rpcError(`the program ${what}, and a plan is made without credentials; ${todo}`);
}

/** The SDK shows an error's `details`, as gRPC has them, not its message. */
function rpcError(details: string): Error {
  return Object.assign(new Error(details), { details });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
