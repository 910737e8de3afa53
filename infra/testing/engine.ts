import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import engineService from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import type { LogRequest, SetRootResourceRequest } from '@pulumi/pulumi/proto/engine_pb.js';
import engineProto from '@pulumi/pulumi/proto/engine_pb.js';
import monitorService from '@pulumi/pulumi/proto/resource_grpc_pb.js';
import type {
  ReadResourceRequest,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  RegisterResourceResponse,
  ResourceInvokeRequest,
} from '@pulumi/pulumi/proto/resource_pb.js';
import type * as emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import type * as structProto from 'google-protobuf/google/protobuf/struct_pb.js';
import { parse } from 'yaml';
import type { Graph } from '../plan/graph.ts';
import { RecordingMonitor } from '../plan/monitor.ts';
import type { StackConfig } from '../plan/stack-config.ts';

export interface ProgramOptions {
  /** The project's folder. */
  readonly root: string;
  readonly stack: StackConfig;
  /** A preview knows no outputs of resources that do not exist. @default true */
  readonly isPreview?: boolean;
  /** Outputs of a resource beside its inputs, when it is no preview. */
  readonly outputsOf?: (type: string, name: string) => Readonly<Record<string, structProto.JavaScriptValue>>;
}

export interface ProgramRun {
  readonly exitCode: number | null;
  readonly graph: Graph;
  /** What the CLI would print in red. */
  readonly errors: readonly string[];
  readonly stderr: string;
}

type Handler<Request = unknown> = (
  call: { readonly request: Request },
  callback: (error: Error | null, response?: unknown) => void,
) => void;

// The SDK's own copy: its messages refuse those of another.
const requireOfSdk = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi/package.json'));
const { Empty }: typeof emptyProto = requireOfSdk('google-protobuf/google/protobuf/empty_pb.js');
const { Struct }: typeof structProto = requireOfSdk('google-protobuf/google/protobuf/struct_pb.js');

/**
 * Runs the project's Pulumi program the way the CLI's Node language host does: the SDK's own runner in a process of
 * its own, with the folder and the options that Pulumi.yaml names, talking gRPC to an engine that only records.
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramRun> {
  const { root, stack, isPreview = true } = options;
  const monitor = new RecordingMonitor({ project: stack.project, stack: stack.stack, root });
  const errors: string[] = [];
  const server = new Server();
  server.addService(monitorService.ResourceMonitorService, monitorHandlers(monitor, options));
  server.addService(engineService.EngineService, engineHandlers(errors));
  const address = await listen(server);
  const project = readProjectFile(root);
  const flags = {
    monitor: address,
    engine: address,
    organization: 'organization',
    project: stack.project,
    stack: stack.stack,
    'root-directory': root,
    pwd: join(root, project.main),
    parallel: '16',
  };
  const runner = createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run/index.js');
  const args = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, value]);
  const child = spawn(process.execPath, [runner, ...args, ...(isPreview ? ['--dry-run'] : []), '.'], {
    env: {
      ...process.env,
      PULUMI_NODEJS_TYPESCRIPT: String(project.runtime.options?.typescript ?? true),
      PULUMI_CONFIG: JSON.stringify(stack.config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(stack.secretKeys),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  server.forceShutdown();
  const { resources, outputs } = monitor;
  return {
    exitCode,
    graph: { project: stack.project, stack: stack.stack, resources, outputs },
    errors,
    stderr,
  };
}

interface ProjectFile {
  /** A folder: the CLI makes it the working directory, and the program `.`. */
  readonly main: string;
  readonly runtime: { readonly options?: { readonly typescript?: boolean } };
}

function readProjectFile(root: string): ProjectFile {
  return parse(readFileSync(join(root, 'Pulumi.yaml'), 'utf8'));
}

function monitorHandlers(monitor: RecordingMonitor, options: ProgramOptions): UntypedServiceImplementation {
  const done: Handler = (_, callback) => callback(null, new Empty());
  const registerResource: Handler<RegisterResourceRequest> = ({ request }, callback) =>
    monitor.registerResource(request, (error, response) => {
      if (response !== undefined && options.isPreview === false) complete(request, response, options);
      callback(error, response);
    });
  const registerResourceOutputs: Handler<RegisterResourceOutputsRequest> = ({ request }, callback) =>
    monitor.registerResourceOutputs(request, (error) => callback(error, new Empty()));
  const getDeploymentInfo: Handler = ({ request }, callback) => monitor.getDeploymentInfo(request, callback);
  const invoke: Handler<ResourceInvokeRequest> = ({ request }, callback) => monitor.invoke(request, callback);
  const readResource: Handler<ReadResourceRequest> = ({ request }, callback) =>
    monitor.readResource(request, callback);
  return {
    getDeploymentInfo,
    registerResource,
    registerResourceOutputs,
    invoke,
    readResource,
    signalAndWaitForShutdown: done,
  };
}

function engineHandlers(errors: string[]): UntypedServiceImplementation {
  let root = '';
  const log: Handler<LogRequest> = ({ request }, callback) => {
    if (request.getSeverity() === engineProto.LogSeverity.ERROR) errors.push(request.getMessage());
    callback(null, new Empty());
  };
  const setRootResource: Handler<SetRootResourceRequest> = ({ request }, callback) => {
    root = request.getUrn();
    callback(null, new engineProto.SetRootResourceResponse());
  };
  const getRootResource: Handler = (_, callback) => {
    const response = new engineProto.GetRootResourceResponse();
    response.setUrn(root);
    callback(null, response);
  };
  return { log, setRootResource, getRootResource };
}

/** What a cloud would have answered. */
function complete(
  request: RegisterResourceRequest,
  response: RegisterResourceResponse,
  { outputsOf = () => ({}) }: ProgramOptions,
): void {
  const [type, name] = [request.getType(), request.getName()];
  const inputs = request.getObject()?.toJavaScript() ?? {};
  if (request.getCustom()) response.setId(name);
  response.setObject(Struct.fromJavaScript({ ...inputs, ...outputsOf(type, name) }));
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}
