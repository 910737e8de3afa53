import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickhouseServer } from '../../../../tests/setup/clickhouse.ts';
import type { FileRef } from '../../extract.ts';
import type { TableTarget } from '../../pipeline.ts';
import { openBench } from '../conformance/bench.ts';
import { openClickhouse } from './warehouse.ts';

/** A server that files are loaded into, stopped with the fixture; for the tests of this folder. */
export interface LoadFixture {
  readonly folder: string;
  put(name: string, content: string | Buffer): Promise<string>;
  /**
   * Loads files into a new table and gives its rows, with `_origin` and `_extra`, by the first column.
   *
   * @param options `isDirect`: going through the checked reader is an error; `mode`: `append` if not said otherwise
   */
  load(
    target: TableTarget,
    files: readonly FileRef[],
    options?: { readonly isDirect?: boolean; readonly mode?: 'append' | 'merge' },
  ): Promise<{
    readonly loaded: {
      readonly read: number;
      readonly quarantined: readonly unknown[];
      readonly drift: readonly unknown[];
    };
    readonly rows: readonly (readonly unknown[])[];
  }>;
  /** The same rows, whatever their files are: always through the checked reader. */
  check(target: TableTarget, files: readonly FileRef[]): ReturnType<LoadFixture['load']>;
  stop(): Promise<void>;
}

export async function openFixture(server: ClickhouseServer): Promise<LoadFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-clickhouse-load-'));
  const put: LoadFixture['put'] = async (name, content) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  const load: LoadFixture['load'] = async (target, files, { isDirect = false, mode = 'append' } = {}) => {
    for (const database of ['conformance', 'catchment', 'catchment_staging'])
      await server.run(`DROP DATABASE IF EXISTS ${database} SYNC`);
    const { url, user, password } = server;
    const bench = await openBench(async () =>
      openClickhouse({ name: 'main', kind: 'clickhouse', url, secret: 'clickhouse' }, { user, password }),
    );
    await bench.warehouse.prepare([target]);
    const stage = await bench.warehouse.openStage(target, 'a');
    const message = 'Code: 999. DB::Exception: the checked reader wrote this';
    if (isDirect)
      await server.misbehave({ kind: 'refuse', statement: 'FORMAT TabSeparated', code: 999, message });
    try {
      const loaded = await stage.load(files);
      await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode }));
      await stage.discard();
      const names = target.columns.map(({ name }) => name).join(', ');
      const rows = await bench.rows(
        `select ${names}, _origin, _extra from ${target.dataset}.${target.name} order by 1`,
      );
      return { loaded, rows };
    } finally {
      await server.misbehave();
      await bench.warehouse.close();
    }
  };
  return {
    folder,
    put,
    load,
    async check(target, files) {
      // One file that the server is not given makes all of them go the other way.
      return load(target, [...files, { path: await put('none.json', '[]'), format: 'json' }]);
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
