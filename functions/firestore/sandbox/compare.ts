import { invalid } from './refuse.ts';
import { comparePaths } from './store.ts';

/** Kinds in the order in which values of different kinds are sorted. */
const kinds = [
  'nullValue',
  'booleanValue',
  'number',
  'timestampValue',
  'stringValue',
  'bytesValue',
  'referenceValue',
];

/** @see https://cloud.google.com/firestore/docs/concepts/data-types#value_type_ordering */
export function compareValues(one: unknown, other: unknown): number {
  const [a, b] = [kindOf(one), kindOf(other)];
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.kind === 'referenceValue') return comparePaths(String(a.value), String(b.value));
  if (a.kind === 'number') return Number(a.value) - Number(b.value);
  if (a.kind === 'timestampValue') return compareTexts(fixed(String(a.value)), fixed(String(b.value)));
  return compareTexts(String(a.value), String(b.value));
}

export function isSameKind(one: unknown, other: unknown): boolean {
  return kindOf(one).rank === kindOf(other).rank;
}

function kindOf(value: unknown) {
  const [[name = '', inner] = []] = Object.entries((value ?? {}) as object) as [string, unknown][];
  const kind = name === 'integerValue' || name === 'doubleValue' ? 'number' : name;
  const rank = kinds.indexOf(kind);
  if (rank === -1) throw invalid(`a value of kind "${name}" cannot be compared here`);
  return { kind, rank, value: inner };
}

function compareTexts(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** A moment with all six digits of its second, so that it sorts as text. */
function fixed(moment: string): string {
  const [whole = '', fraction = ''] = moment.replace('Z', '').split('.');
  return `${whole}.${fraction.padEnd(9, '0')}`;
}
