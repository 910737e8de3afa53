import { describe } from 'vitest';
import type { DayWindow } from '../cursor.ts';
import type { OpenPlace } from './conformance/bench.ts';
import { changeTests } from './conformance/changes.ts';
import { commitTests } from './conformance/commit.ts';
import { fillTests } from './conformance/fill.ts';
import { ledgerTests } from './conformance/ledger.ts';
import { pipeTests } from './conformance/pipe.ts';
import { stageTests } from './conformance/stage.ts';
import { tableTests } from './conformance/tables.ts';
import type { ReadTable } from './conformance/types.ts';
import { typeTests } from './conformance/types.ts';
import { writeModeTests } from './conformance/write-modes.ts';

export interface ConformanceOptions {
  /** Reads back the table of all types; needed where SQL shows a type in another way. */
  readonly readTypes?: ReadTable;
  /** False when no text can hold a NUL character: such rows must come back as refused then. @default true */
  readonly holdsNul?: boolean;
  /** First and last day that a DATE can be: rows with others must come back as refused. @default 0001-01-01 to 9999-12-31 */
  readonly days?: DayWindow;
  /** The table of items in SQL that the warehouse runs itself. @default conformance.items */
  readonly items?: string;
}

/**
 * The suite that every kind of warehouse passes.
 *
 * @param open gives a warehouse at a place; the same place is the same storage, a new place is empty
 */
export function warehouseConformance(name: string, open: OpenPlace, options: ConformanceOptions = {}): void {
  describe(`${name} as a warehouse`, () => {
    describe('prepare', () => tableTests(open));
    describe('stages', () => stageTests(open, options));
    describe('types', () => typeTests(open, options));
    describe('pipe', () => pipeTests(open));
    describe('fill', () => fillTests(open, options.items ?? 'conformance.items'));
    describe('changes', () => changeTests(open));
    describe('write modes', () => writeModeTests(open));
    describe('commit', () => commitTests(open));
    describe('ledger', () => ledgerTests(open));
  });
}
