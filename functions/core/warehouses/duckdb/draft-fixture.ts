import type { TableTarget } from '../../pipeline.ts';

/** The suite's table, for a process that dies. */
export const items: TableTarget = {
  declared: 'items',
  name: 'items',
  schema: 'conformance/items',
  dataset: 'conformance',
  key: ['day', 'id'],
  writeMode: 'merge',
  cursor: { kind: 'snapshot' },
  columns: [
    { name: 'day', type: 'DATE', mode: 'NULLABLE' },
    { name: 'id', type: 'STRING', mode: 'NULLABLE' },
    { name: 'value', type: 'INTEGER', mode: 'NULLABLE' },
  ],
};
