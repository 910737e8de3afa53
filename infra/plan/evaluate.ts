import { RunError } from '@pulumi/pulumi/errors.js';
import * as runtime from '@pulumi/pulumi/runtime/index.js';
import { asCatchmentError, fatal } from '../../functions/core/errors.ts';
import type { Graph, GraphResource } from './graph.ts';
import { RecordingMonitor } from './monitor.ts';
import type { StackConfig } from './stack-config.ts';

export interface EvaluateOptions {
  /** The project's folder. */
  readonly root: string;
  readonly stack: StackConfig;
  /** Loads and runs the program; its result becomes the stack's outputs. */
  readonly program: () => Promise<unknown>;
}

/**
 * Runs a Pulumi program as a preview of a stack that does not exist yet, in this process: no CLI, no credentials, no
 * network. What a cloud would answer is unknown. One evaluation at a time: the SDK keeps its settings globally.
 *
 * @throws the program's own error, or a fatal error that names the first value that could not be computed
 */
export async function evaluate(options: EvaluateOptions): Promise<Graph> {
  // The SDK notes a stack trace for each promise it makes, which is half of the time. Only an error needs traces, and
  // a program that failed once fails again.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return await run(options);
  } catch {
    Error.stackTraceLimit = limit;
    return await run(options);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

async function run({ root, stack, program }: EvaluateOptions): Promise<Graph> {
  const monitor = new RecordingMonitor({ project: stack.project, stack: stack.stack, root });
  runtime.setMockOptions(monitor, stack.project, stack.stack, true, 'organization');
  runtime.setAllConfig({ ...stack.config }, [...stack.secretKeys]);

  // An error inside an `apply` reaches nobody: the SDK leaves it to the process, which would end without a plan.
  const strays: unknown[] = [];
  const collect = (reason: unknown) => strays.push(reason);
  process.on('unhandledRejection', collect);
  try {
    await runtime.runInPulumiStack(program);
    await runtime.disconnect();
  } catch (error) {
    strays.unshift(error);
  } finally {
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', collect);
  }
  if (strays.length > 0) throw placed(strays[0]);

  return {
    project: stack.project,
    stack: stack.stack,
    resources: withPipelines(monitor.resources),
    outputs: monitor.outputs,
  };
}

/** A `RunError` is what the program says to its operator; it names the place already: `[stacks/...] ...`. */
function placed(error: unknown): Error {
  if (RunError.isInstance(error)) return fatal('bad-input', { what: error.message, cause: error });
  return asCatchmentError(error, 'plan');
}

/** A resource belongs to the pipeline whose component is nearest above it. */
function withPipelines(resources: readonly GraphResource[]): readonly GraphResource[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const pipelineOf = (resource: GraphResource | undefined): string | undefined => {
    if (resource === undefined) return undefined;
    const isPipeline = !resource.custom && /(^|:)\w*Pipeline$/.test(resource.type);
    return isPipeline ? resource.name : pipelineOf(byUrn.get(resource.parent ?? ''));
  };
  return resources
    .map((resource) => ({ ...resource, pipeline: pipelineOf(resource) }))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
}
