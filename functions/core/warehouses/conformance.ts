import { describe } from 'vitest';
import type { OpenPlace } from './conformance/bench.ts';
import { commitTests } from './conformance/commit.ts';
import { ledgerTests } from './conformance/ledger.ts';
import { stageTests } from './conformance/stage.ts';
import { tableTests } from './conformance/tables.ts';
import { writeModeTests } from './conformance/write-modes.ts';

/**
 * The suite that every kind of warehouse passes.
 *
 * @param open gives a warehouse at a place; the same place is the same storage, a new place is empty
 */
export function warehouseConformance(name: string, open: OpenPlace): void {
  describe(`${name} as a warehouse`, () => {
    describe('prepare', () => tableTests(open));
    describe('stages', () => stageTests(open));
    describe('write modes', () => writeModeTests(open));
    describe('commit', () => commitTests(open));
    describe('ledger', () => ledgerTests(open));
  });
}
