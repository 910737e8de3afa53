import type { Database, Sql } from './database.ts';
import { ident } from './names.ts';

/**
 * Stages are tables of the file itself, so that a stage can become the final table by its name alone. Their names hold
 * the process that made them: what a dead process left is dropped by the next one that opens the file.
 */
const prefix = 'catchment_stage_';
const start = Math.round(performance.timeOrigin);

/** Creates an empty stage under a name that nobody has, and returns the name. */
export function createStageTable(sql: Sql, definitions: string): string {
  for (let number = 1; ; number += 1) {
    const name = `${prefix}${process.pid}_${start}_${number}`;
    if (sql.count('SELECT count(*) FROM sqlite_schema WHERE name = ?', name) > 0) continue;
    sql.run(`CREATE TABLE ${ident(name)} (${definitions})`);
    return name;
  }
}

/** Drops the stages of processes that are gone. */
export function dropDeadStages(database: Database): void {
  const names = (sql: Sql) =>
    sql
      .rows(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '${prefix}*'`)
      .map(([name]) => String(name))
      .filter(isDead);
  if (database.read(names).length === 0) return;
  database.transaction((sql) => {
    for (const name of names(sql)) sql.run(`DROP TABLE ${ident(name)}`);
  });
}

function isDead(name: string): boolean {
  const [pid = 0, startOfOwner = 0] = name.slice(prefix.length).split('_').map(Number);
  if (pid === process.pid) return startOfOwner !== start;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is alive and another user's.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
