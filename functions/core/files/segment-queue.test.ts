import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { ByteStream } from '../bytes.ts';
import type { Filled } from './segment-queue.ts';
import { createQueue } from './segment-queue.ts';

function filled(path: string, columns: readonly string[] = ['id']): Filled {
  const stream = { formats: ['tsv'], columns } as unknown as ByteStream;
  return { segment: { path, bytes: 1, longestRecord: 1 }, stream, format: 'tsv' };
}

it('takes together what came while the batch before was worked on, up to the most', async () => {
  const batches: string[] = [];
  const held = Promise.withResolvers<void>();
  const queue = createQueue(async (batch) => {
    batches.push(batch.map(({ segment }) => segment.path).join('+'));
    await held.promise;
  }, 2);
  const all = ['a', 'b', 'c', 'd'].map((path) => queue.add(filled(path)));
  held.resolve();
  await Promise.all(all);
  await queue.add(filled('e'));
  expect(batches).toEqual(['a', 'b+c', 'd', 'e']);
});

it('puts no segments together whose columns differ', async () => {
  const batches: string[] = [];
  const queue = createQueue(async (batch) => {
    await nextTurn();
    batches.push(batch.map(({ segment }) => segment.path).join('+'));
  }, 4);
  await Promise.all([
    queue.add(filled('a')),
    queue.add(filled('b')),
    queue.add(filled('c', ['id', 'name'])),
    queue.add(filled('d')),
  ]);
  expect(batches).toEqual(['a', 'b', 'c', 'd']);
});

it('fails every segment of a batch with its error, and works on', async () => {
  const queue = createQueue(async (batch) => {
    if (batch.some(({ segment }) => segment.path === 'bad')) throw new Error('no space left');
  }, 2);
  const ends = await Promise.allSettled([
    queue.add(filled('a')),
    queue.add(filled('b')),
    queue.add(filled('bad')),
    queue.add(filled('c')),
  ]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
});
