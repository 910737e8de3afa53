import type { FileRef } from '../extract.ts';
import type { Checked, CheckRequest } from './checker.ts';
import { checkWith } from './checker.ts';
import { loadFiles } from './load.ts';
import { ident } from './quote.ts';

/**
 * Reads local files by the rules of the embedded warehouse, for warehouses that have no such reader: each cell is held to
 * its column, rows that break the schema come back, fields without a column go to `_extra`.
 *
 * @throws fatal `bad-file` for a file that is damaged, cannot be read or lacks a column, naming it
 */
export function checkFiles(request: CheckRequest & { readonly files: readonly FileRef[] }): Promise<Checked> {
  const { target, origin, files } = request;
  return checkWith(request, async (connection, stageTable) => {
    const {
      select,
      staged: _,
      ...loaded
    } = await loadFiles(connection, {
      target,
      stageTable,
      origin,
      files,
      mayDefer: true,
    });
    if (select === undefined) return loaded;
    const names = [...target.columns.map(({ name }) => name), '_origin', '_extra'];
    return {
      ...loaded,
      explain: select.explain,
      sql: `select * from (${select.sql}) as deferred(${names.map(ident).join(', ')})`,
    };
  });
}
