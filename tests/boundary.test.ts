import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Edge } from './boundary/module-graph.ts';
import { readGraph } from './boundary/module-graph.ts';
import type { Rule } from './boundary/rules.ts';
import {
  coreKnowsNoSource,
  functionsStandAlone,
  planLoadsDeclarationsOnly,
  sourcesImportLittle,
  warehousesLoadLate,
} from './boundary/rules.ts';

const project = dirname(import.meta.dirname);
const folders = ['functions', 'infra'];

const rules: Readonly<Record<string, Rule>> = {
  planLoadsDeclarationsOnly,
  functionsStandAlone,
  sourcesImportLittle,
  coreKnowsNoSource,
  warehousesLoadLate,
};

describe('the import rules', () => {
  let edges: Edge[];
  beforeAll(async () => {
    edges = await readGraph(project, folders);
  });

  it('sees the modules of the project', () => {
    const from = new Set(edges.map((edge) => edge.from));
    const known = ['infra/index.ts', 'functions/core/run/run.ts', 'functions/tiktok-marketing/extract.ts'];
    expect(known.filter((file) => !from.has(file))).toEqual([]);
  });

  it.each(Object.entries(rules))('hold: %s', (_name, rule) => {
    expect(rule(edges)).toEqual([]);
  });
});

describe('a copy of the project in which a rule is broken', () => {
  const copy = mkdtempSync(join(tmpdir(), 'catchment-boundary-'));
  beforeAll(() => {
    for (const folder of folders) cpSync(join(project, folder), join(copy, folder), { recursive: true });
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  it.each<[keyof typeof rules, string, string, string]>([
    [
      'planLoadsDeclarationsOnly',
      'infra/estate.ts',
      `import '../functions/core/http/client.ts';`,
      'infra reaches functions/core/http/client.ts',
    ],
    ['planLoadsDeclarationsOnly', 'infra/names.ts', `await import('got');`, 'infra reaches got'],
    [
      'planLoadsDeclarationsOnly',
      'functions/tiktok-marketing/source.ts',
      `import './extract.ts';`,
      'infra reaches functions/tiktok-marketing/extract.ts',
    ],
    [
      'planLoadsDeclarationsOnly',
      'functions/files/source.ts',
      `import '@duckdb/node-api';`,
      'infra reaches @duckdb/node-api',
    ],
    [
      'functionsStandAlone',
      'functions/core/run/run.ts',
      `import '../../../infra/names.ts';`,
      'functions reach infra/names.ts',
    ],
    [
      'functionsStandAlone',
      'functions/core/run/setup.ts',
      `import '@pulumi/pulumi/output.js';`,
      'functions reach @pulumi/pulumi',
    ],
    [
      'sourcesImportLittle',
      'functions/tiktok-marketing/extract.ts',
      `import './sandbox.ts';`,
      'functions/tiktok-marketing/extract.ts imports functions/tiktok-marketing/sandbox.ts',
    ],
    [
      'sourcesImportLittle',
      'functions/tiktok-marketing/extract.ts',
      `import '../files/extract.ts';`,
      'functions/tiktok-marketing/extract.ts imports functions/files/extract.ts',
    ],
    [
      'sourcesImportLittle',
      'functions/tiktok-marketing/extract.ts',
      `import 'got';`,
      'functions/tiktok-marketing/extract.ts imports got',
    ],
    [
      'sourcesImportLittle',
      'functions/files/extract.ts',
      `import 'node:https';`,
      'functions/files/extract.ts imports node:https',
    ],
    [
      'coreKnowsNoSource',
      'functions/core/run/setup.ts',
      `import '../../files/source.ts';`,
      'functions/core/run/setup.ts imports functions/files/source.ts',
    ],
    [
      'warehousesLoadLate',
      'functions/core/run/setup.ts',
      `await import('@duckdb/node-api');`,
      'functions/core/run/setup.ts imports @duckdb/node-api',
    ],
    [
      'warehousesLoadLate',
      'functions/core/run/plan-run.ts',
      `import '../warehouses/duckdb/eager.ts';`,
      '@duckdb/node-api is loaded before a warehouse is opened',
    ],
  ])('is caught by %s: %s gets %s', async (name, file, line, violation) => {
    const original = join(project, file);
    appendFileSync(join(copy, file), `\n${line}\n`);
    appendFileSync(join(copy, 'functions/core/warehouses/duckdb/eager.ts'), `import '@duckdb/node-api';\n`);
    try {
      expect(rules[name]?.(await readGraph(copy, folders))).toContain(violation);
    } finally {
      cpSync(original, join(copy, file));
      rmSync(join(copy, 'functions/core/warehouses/duckdb/eager.ts'));
    }
  });
});
