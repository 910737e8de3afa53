/** What the cursor of a log's stream says. */
export interface LogCursorValue {
  /** As the source wrote it. */
  readonly position: string;
  /** Declared names of the tables that hold rows at that position. Others may be empty. */
  readonly held: ReadonlySet<string>;
}

/** As `<position>|orders,customers`. Names of tables are letters, digits, `_` and `-`. */
export function formatLogCursor({ position, held }: LogCursorValue): string {
  return `${position}|${[...held].sort().join(',')}`;
}

export function parseLogCursor(value: string): LogCursorValue {
  const [, position = value, names] = /^(.*)\|([\w,-]*)$/s.exec(value) ?? [];
  return { position, held: new Set(names?.split(',').filter(Boolean)) };
}
