import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeProject } from './testing/project.ts';

const commands = ['start', 'run', 'backfill', 'query', 'status', 'peek', 'plan', 'build', 'new', 'schema'];

const project = makeProject();
afterAll(() => project.remove());

describe('help', () => {
  it('names every command', async () => {
    const { code, out } = await project.catchment('--help');
    expect(code).toBe(0);
    const named = [...out.matchAll(/^ {2}(\w+) \[options\]/gm)].map((match) => match[1]);
    expect(named).toEqual(commands);
  });

  it.each(commands)('shows examples, exit codes, --json and --stack for %s', async (name) => {
    const { code, out, err } = await project.catchment(name, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`Examples:\n  npx catchment ${name}`));
    expect(out).toMatch(/Exit codes:\n {2}0 {4}done\n {2}1 {4}failed/);
    expect(out).toMatch(/--json/);
    expect(out).toMatch(/--stack <name>/);
  });
});

describe('wrong usage ends with 64 and one message', () => {
  it.each([
    [['sart'], "unknown command 'sart'\n(Did you mean start?)"],
    [['run'], "missing required argument 'pipeline'"],
    [['run', 'shop', '--form', 'x'], "unknown option '--form'\n(Did you mean --from?)"],
    [['backfill', 'shop'], "required option '--months <count>' not specified"],
  ])('%j', async (args, message) => {
    const { code, out, err } = await project.catchment(...args);
    expect({ code, out, err }).toEqual({
      code: 64,
      out: '',
      err: `error: ${message}\n(--help shows options and examples)\n`,
    });
  });

  it.each([
    [
      ['run', 'shop', '--from', 'yesterday', '--to', '2026-10-01'],
      '[shop] --from is not a day: got "yesterday"; allowed: YYYY-MM-DD',
    ],
    [
      ['run', 'shop', '--from', '2026-02-30', '--to', '2026-10-01'],
      '[shop] --from is not a day: got "2026-02-30"; allowed: YYYY-MM-DD',
    ],
    [
      ['run', 'shop', '--from', '2026-10-02', '--to', '2026-10-01'],
      '[shop] --from is after --to: got "2026-10-02"; allowed: days up to 2026-10-01',
    ],
    [
      ['run', 'shop', '--to', '2026-10-01'],
      '[shop] --from is missing; allowed: YYYY-MM-DD; give both days, or none for the incremental run',
    ],
    [
      ['run', 'shop', '--from', '2026-10-01', '--to', '2026-10-02'],
      '[shop] no table of this pipeline is read by days; leave the days out',
    ],
    [
      ['run', 'shop', '--write-mode', 'upsert'],
      '[shop] --write-mode is unknown: got "upsert"; allowed: append, merge, replace',
    ],
    [
      ['run', 'shop', '--write-mode', 'replaceWindow'],
      '[shop] --write-mode is not possible for table "items": got "replaceWindow"; allowed: append, merge, replace',
    ],
    [['run', 'shop', '--sandbox-port', '0'], '--sandbox-port is not a port: got "0"; allowed: 1 to 65535'],
    [
      ['backfill', 'shop', '--months', '1.5'],
      '[shop] --months is not a number of months: got "1.5"; allowed: whole numbers from 1 to 60',
    ],
    [
      ['query', 'select 1', '--limit', '0'],
      '--limit is not a number of rows: got "0"; allowed: whole numbers from 1 to 999999999',
    ],
    [['query', 'select 1', '--csv', '--json'], '--csv and --json exclude each other; choose one'],
    [['run', 'shpo'], '[stack local] there is no such pipeline: got "shpo"; allowed: shop'],
    [['run', 'shop', '--group', 'x'], '[shop] there is no such group: got "x"; allowed: demo'],
    [
      ['status', '--stack', 'prod'],
      'there is no such stack: got "prod"; allowed: local; name one with --stack, or write stacks/Pulumi.prod.yaml',
    ],
    [
      ['query', 'select 1', '--warehouse', 'x'],
      '[stack local] there is no such warehouse: got "x"; allowed: main',
    ],
    [['build', 'shpo'], 'there is no such source in functions/: got "shpo"; allowed: shop'],
    [
      ['new', 'My Source'],
      'the name of a source is not valid: got "My Source"; allowed: lower-case letters, digits and single dashes, starting with a letter, such as my-source',
    ],
    [['new', 'shop'], 'functions/shop exists already; choose another name, or remove the folder'],
  ])('%j', async (args, message) => {
    const { code, err } = await project.catchment(...args);
    expect({ code, err }).toEqual({ code: 64, err: `catchment: ${message}\n` });
  });

  it('refuses days in the future, and says the last one', async () => {
    const { code, err } = await project.catchment(
      'run',
      'shop',
      '--from',
      '2026-10-01',
      '--to',
      '2999-01-01',
    );
    expect(code).toBe(64);
    expect(err).toMatch(
      /^catchment: \[shop\] --to is in the future: got "2999-01-01"; allowed: days up to \d{4}-\d\d-\d\d\n$/,
    );
  });

  it('says the same as JSON on standard output with --json', async () => {
    const { code, out, err } = await project.catchment('run', 'shpo', '--json');
    const message = '[stack local] there is no such pipeline: got "shpo"; allowed: shop';
    expect({ code, err }).toEqual({ code: 64, err: `catchment: ${message}\n` });
    expect(JSON.parse(out)).toEqual({ error: { code: 'bad-input', kind: 'fatal', message } });
    const usage = await project.catchment('run', '--json');
    expect(JSON.parse(usage.out)).toEqual({
      error: { code: 'bad-input', kind: 'fatal', message: "missing required argument 'pipeline'" },
    });
  });

  it('adds a stack trace only with --debug', async () => {
    const { err } = await project.catchment('run', 'shpo', '--debug');
    expect(err).toMatch(/\n {4}at selectTargets /);
  });
});

it('lists all mistakes of a stack file, and opens nothing', async () => {
  const broken = makeProject(`
config:
  catchment:estate:
    warehouses: { main: { kind: duckdb, path: .catchment/estate.duckdb } }
    pipelines:
      shop: { groups: { demo: { sandbox: true, advertiserIds: [1] } } }
      shpo: { groups: { demo: {} } }
`);
  try {
    const { code, err } = await broken.catchment('start');
    expect(code).toBe(64);
    expect(err).toBe(
      'catchment: [stacks/Pulumi.local.yaml] has 2 mistakes\n' +
        '  line 6: pipelines.shop.groups.demo.advertiserIds is not a known key; allowed: secret, timeZone, sandbox, includeDrafts\n' +
        '  line 7: pipelines.shpo.source is missing, and no source has the pipeline\'s name: got "shpo"; allowed: shop; did you mean "shop"?\n',
    );
    expect(existsSync(join(broken.root, '.catchment'))).toBe(false);
  } finally {
    broken.remove();
  }
});
