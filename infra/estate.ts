import { basename } from 'node:path';
import type { Pipeline } from '../functions/core/pipeline.ts';
import type { AnySource } from '../functions/core/source.ts';
import { asMapping, checkShape } from './estate/check-shape.ts';
import { crossCheck } from './estate/cross-checks.ts';
import {
  type Finding,
  type Locate,
  type Mistake,
  mistakesError,
  type Path,
  toMistake,
} from './estate/mistake.ts';
import { readPipelines } from './estate/pipelines.ts';
import { estate as estateShape } from './estate/shapes.ts';
import { type LoadSource, listSources, loadSource as loadSourceFile } from './estate/sources.ts';
import { type Gcp, readWarehouses, type Warehouses } from './estate/warehouses.ts';
import { readYaml } from './estate/yaml.ts';

/** All pipelines and warehouses of one environment: what one stack file becomes. */
export interface Estate {
  /** `dev` of `stacks/Pulumi.dev.yaml`. */
  readonly stack: string;
  readonly warehouses: Warehouses;
  readonly pipelines: readonly Pipeline[];
  /** True for the estate of one machine, which is never deployed. */
  readonly isTwin: boolean;
  /** The declarations in use, by source name. */
  readonly sources: Readonly<Record<string, AnySource>>;
  /** Undefined for estates without cloud content: the twin. */
  readonly gcp: Gcp | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** E-mail addresses that hear of failed runs. */
  readonly alertEmails: readonly string[];
  /** Datasets, tables and secrets refuse to be deleted. @default true */
  readonly protect: boolean;
}

export interface EstateOptions {
  /** The stack file's path relative to the project, for errors; its name holds the stack's name. */
  readonly file: string;
  /** The project's folder. */
  readonly root: string;
  /** @default imports `functions/<name>/source.ts` */
  readonly loadSource?: LoadSource | undefined;
  /** Names that `loadSource` answers to. @default the folders in `functions/` */
  readonly sourceNames?: readonly string[] | undefined;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
  /** True while schema files, or the tables of a pipeline, are still to be written. @default false */
  readonly isDraft?: boolean | undefined;
}

/** An estate, or everything that is wrong with it. */
export type EstateResult =
  | { readonly estate: Estate; readonly mistakes: readonly [] }
  | { readonly estate: undefined; readonly mistakes: readonly Mistake[] };

/**
 * Reads a stack file.
 *
 * @param text the content of `stacks/Pulumi.<stack>.yaml`
 * @throws one fatal `bad-input` error that lists all mistakes: line, path, value got, values allowed
 */
export async function parseStackFile(text: string, options: EstateOptions): Promise<Estate> {
  return orThrow(await checkStackFile(text, options), options);
}

/**
 * Reads the value of `catchment:estate`, as Pulumi hands it over.
 *
 * @throws one fatal `bad-input` error that lists all mistakes: path, value got, values allowed
 */
export async function parseEstate(
  value: unknown,
  options: EstateOptions & { readonly gcp: Partial<Gcp> },
): Promise<Estate> {
  const findings: Finding[] = [];
  const estate = await readEstate(value, options.gcp, options, findings);
  return orThrow(
    toResult(estate, findings, () => ({})),
    options,
  );
}

/** The same as `parseStackFile`, with the mistakes as data. */
export async function checkStackFile(text: string, options: EstateOptions): Promise<EstateResult> {
  const { value, locate, findings: yamlFindings } = readYaml(text);
  const findings = yamlFindings.map((finding) => ({ ...finding, path: relativePath(finding.path) }));
  const locateInFile: Locate = (path) => locate(filePath(path));
  if (value === undefined) return toResult(undefined, findings, locateInFile);

  const report = (finding: Finding) => {
    findings.push(finding);
  };
  const file = asMapping(value, [], report) ?? {};
  const config = asMapping(file.config, ['config'], report) ?? {};
  for (const key of Object.keys(config))
    if (key.startsWith('catchment:') && key !== 'catchment:estate')
      report({ path: [key], what: 'is not a known key', allowed: ['catchment:estate'] });
  const estate = await readEstate(config['catchment:estate'], gcpOf(config), options, findings);
  return toResult(estate, findings, locateInFile);
}

async function readEstate(
  value: unknown,
  gcp: Partial<Gcp>,
  { file, root, now = () => new Date(), ...options }: EstateOptions,
  findings: Finding[],
): Promise<Estate | undefined> {
  const report = (finding: Finding) => {
    if (options.isDraft !== true || finding.isUnwritten !== true) findings.push(finding);
  };
  if (value === undefined || value === null) {
    report({
      path: ['catchment:estate'],
      what: 'is missing',
      allowed: 'a mapping with warehouses and pipelines',
    });
    return undefined;
  }
  const fields = asMapping(value, ['catchment:estate'], report);
  if (fields === undefined) return undefined;
  const read = checkShape(
    estateShape,
    { warehouses: {}, pipelines: {}, ...withoutNulls(fields) },
    [],
    report,
  );
  const { warehouses, names, isTwin } = readWarehouses(fields.warehouses, gcp, report);
  const { pipelines, sources } = await readPipelines({
    value: fields.pipelines,
    warehouses,
    warehouseNames: names,
    isTwin,
    network: read?.network,
    sourceNames: options.sourceNames ?? listSources(root),
    loadSource: options.loadSource ?? ((name) => loadSourceFile(root, name)),
    root,
    today: now().toISOString().slice(0, 10),
    report,
  });
  crossCheck(pipelines, sources, report);
  if (read === undefined) return undefined;
  const { project, region } = gcp;
  return {
    stack: stackOf(file),
    warehouses,
    isTwin,
    pipelines,
    sources,
    gcp: !isTwin && project !== undefined && region !== undefined ? { project, region } : undefined,
    labels: read.labels ?? {},
    alertEmails: read.alerts?.emails ?? [],
    protect: read.protect ?? true,
  };
}

/** `dev` of `stacks/Pulumi.dev.yaml`. */
export function stackOf(file: string): string {
  return basename(file)
    .replace(/^Pulumi\./, '')
    .replace(/\.ya?ml$/, '');
}

function gcpOf(config: Readonly<Record<string, unknown>>): Partial<Gcp> {
  const { 'gcp:project': project, 'gcp:region': region } = config;
  return {
    ...(project === undefined ? {} : { project: String(project) }),
    ...(region === undefined ? {} : { region: String(region) }),
  };
}

const estatePath: Path = ['config', 'catchment:estate'];

/** Paths in messages start inside `catchment:estate`; other settings keep their namespace: `gcp:project`. */
function relativePath(path: Path): Path {
  const isInside = estatePath.every((part, index) => path[index] === part);
  return isInside ? path.slice(estatePath.length) : path;
}

function filePath(path: Path): Path {
  const [first] = path;
  if (first === 'config') return path;
  if (typeof first === 'string' && first.includes(':')) return ['config', ...path];
  return [...estatePath, ...path];
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function toResult(estate: Estate | undefined, findings: readonly Finding[], locate: Locate): EstateResult {
  if (estate !== undefined && findings.length === 0) return { estate, mistakes: [] };
  return { estate: undefined, mistakes: findings.map((finding) => toMistake(finding, locate)) };
}

function orThrow({ estate, mistakes }: EstateResult, { file }: EstateOptions): Estate {
  if (estate === undefined) throw mistakesError(file, mistakes);
  return estate;
}
