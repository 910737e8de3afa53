import type { StagedTable } from '../warehouse.ts';

/** What a slice does to a table of the rows `x 1`, `y 2` and `z 3`. */
export interface Case {
  readonly mode: StagedTable['writeMode'];
  readonly what: string;
  readonly key: readonly string[];
  readonly rows: readonly (readonly [id: string, value: number, op?: string])[];
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const before = ['x 1', 'y 2', 'z 3'];
const keyed = { key: ['day', 'id'], before } as const;
export const cases: readonly Case[] = [
  {
    ...keyed,
    mode: 'append',
    what: 'with a key',
    rows: [
      ['x', 1],
      ['n', 4],
    ],
    after: ['n 4', 'x 1', 'x 1', 'y 2', 'z 3'],
  },
  {
    mode: 'append',
    what: 'without one',
    key: [],
    rows: [
      ['n', 4],
      ['n', 4],
    ],
    before,
    after: ['n 4', 'n 4', 'x 1', 'y 2', 'z 3'],
  },
  {
    ...keyed,
    mode: 'merge',
    what: 'with a key',
    rows: [
      ['x', 1],
      ['y', 20],
      ['n', 4],
    ],
    after: ['n 4', 'x 1', 'y 20', 'z 3'],
  },
  {
    ...keyed,
    mode: 'replaceWindow',
    what: 'with a key',
    rows: [
      ['x', 10],
      ['n', 4],
    ],
    after: ['n 4', 'x 10'],
  },
  {
    mode: 'replaceWindow',
    what: 'without one',
    key: [],
    rows: [
      ['x', 1],
      ['n', 4],
    ],
    before,
    after: ['n 4', 'x 1'],
  },
  {
    ...keyed,
    mode: 'replace',
    what: 'with a key',
    rows: [
      ['x', 10],
      ['n', 4],
    ],
    after: ['n 4', 'x 10'],
  },
  { mode: 'replace', what: 'without one', key: [], rows: [['n', 4]], before, after: ['n 4'] },
  {
    ...keyed,
    mode: 'changes',
    what: 'with deletes',
    rows: [
      ['x', 10],
      ['y', 0, 'delete'],
      ['n', 4],
    ],
    after: ['n 4', 'x 10', 'z 3'],
  },
];

/** A case of each write mode, for tests that take long. */
export const oneOfEachMode = cases.filter(
  ({ mode }, index) => cases.findIndex((each) => each.mode === mode) === index,
);
