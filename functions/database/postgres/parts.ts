import type { Heap, Relation } from './relation.ts';

/** A part of a relation that one connection reads: FROM and WHERE clauses whose rows are put together. */
export type Part = readonly { readonly from: string; readonly where?: string | undefined }[];

/** 32 MB in PostgreSQL's usual pages: a connection for less costs more than it brings. */
const leastPages = 4096;

/** Cuts a relation into parts for up to `readers` connections. Together they hold each row once. */
export function cutRelation({ sql, heaps }: Relation, readers: number): readonly Part[] {
  const pages = heaps.reduce((sum, heap) => sum + heap.pages, 0);
  const count = Math.min(readers, Math.floor(pages / leastPages));
  if (count < 2) return [[{ from: sql }]];
  const [only] = heaps;
  return heaps.length === 1 && only !== undefined ? cutHeap(only, count) : share(heaps, count);
}

/** Ranges of pages. The last one is open: the table may have grown. */
function cutHeap({ sql, pages }: Heap, count: number): Part[] {
  const edges = Array.from({ length: count }, (_, index) => Math.floor((pages * index) / count));
  return edges.map((edge, index) => {
    const next = edges[index + 1];
    const bounds = [
      ...(index === 0 ? [] : [`ctid >= '(${edge},0)'`]),
      ...(next === undefined ? [] : [`ctid < '(${next},0)'`]),
    ];
    return [{ from: sql, where: bounds.join(' AND ') }];
  });
}

/** Whole partitions, the largest first, each to the part that has least. */
function share(heaps: readonly Heap[], count: number): Part[] {
  const parts = Array.from({ length: count }, () => ({ pages: 0, heaps: [] as Heap[] }));
  for (const heap of heaps.toSorted((a, b) => b.pages - a.pages)) {
    const least = parts.reduce((best, part) => (part.pages < best.pages ? part : best));
    least.pages += heap.pages;
    least.heaps.push(heap);
  }
  return parts
    .filter((part) => part.heaps.length > 0)
    .map((part) => part.heaps.map(({ sql }) => ({ from: sql })));
}
