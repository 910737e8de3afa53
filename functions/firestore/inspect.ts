import { nameColumns } from '../core/column-names.ts';
import type { FoundColumn, InspectOf } from '../core/inspect.ts';
import type { Column } from '../core/schema.ts';
import { createApi } from './api.ts';
import { targetOf } from './query.ts';
import { facts, rowMaker } from './rows.ts';
import type { source } from './source.ts';
import type { Document } from './values.ts';

/** Documents whose fields make the schema: Firestore has none of its own. */
const looked = 100;

/** What Firestore can say of itself: its collections, and what the first documents of one look like. */
export const inspect: InspectOf<typeof source> = {
  async tables({ settings, http }) {
    const { parent } = targetOf(settings, { collection: 'any', group: false });
    const ids = await createApi(http, settings.database).collections(parent);
    return ids.map((id) => ({ name: id, kind: 'table', options: { collection: id, group: false } }));
  },

  async describe({ settings, http, options, sample }) {
    const api = createApi(http, options.collection);
    const { parent, from } = targetOf(settings, options);
    const orderBy = [{ field: { fieldPath: '__name__' }, direction: 'ASCENDING' }];
    const { documents, readTime } = await api.query(parent, {
      from,
      orderBy,
      limit: Math.max(looked, sample),
    });
    const columns = columnsOf(documents.slice(0, looked), options.group);
    const toRow = rowMaker(columns.map(({ column }) => column));
    return {
      columns,
      key: [options.group ? 'document_path' : 'document_id'],
      rows: await api.count(parent, { from }, readTime),
      sample: documents.slice(0, sample).map((document) => {
        const row = toRow(document, readTime);
        return columns.map(({ column }) => readable(row[column.sourceName ?? column.name]));
      }),
      warnings: [
        ...(documents.length === 0 ? ['the collection is empty, so its fields are unknown'] : []),
        ...(documents.length >= looked
          ? [
              `fields that the first ${looked} documents do not have are missing here; a run keeps them in _extra`,
            ]
          : []),
      ],
    };
  },
};

function columnsOf(documents: readonly Document[], isGroup: boolean): FoundColumn[] {
  const kinds = new Map<string, Set<string>>();
  for (const { fields = {} } of documents)
    for (const [field, value] of Object.entries(fields)) {
      const [kind = 'nullValue'] = Object.keys(value as object);
      kinds.set(field, (kinds.get(field) ?? new Set()).add(kind));
    }
  const id: FoundColumn = fact(isGroup ? 'document_path' : 'document_id', isGroup ? '__path__' : '__id__');
  const fields = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1));
  const taken = [id.column.name, '_extracted_at', '_origin', '_extra'];
  const names = nameColumns(
    fields.map(([field]) => field),
    taken,
  );
  const found = fields.map(([field, seen], index): FoundColumn => {
    const name = names[index] ?? field;
    const column: Column = {
      name,
      type: typeOf(seen),
      mode: 'NULLABLE',
      ...(name === field ? {} : { sourceName: field }),
    };
    return { column, sourceType: [...seen].map((kind) => kind.replace(/Value$/, '')).join(' or ') };
  });
  return [id, ...found, fact('_extracted_at', '__read_time__')];
}

function fact(name: string, sourceName: keyof typeof facts): FoundColumn {
  const { type, description } = facts[sourceName];
  return { column: { name, type, mode: 'NULLABLE', description, sourceName }, sourceType: 'document' };
}

const types: Readonly<Record<string, Column['type']>> = {
  booleanValue: 'BOOLEAN',
  integerValue: 'INTEGER',
  doubleValue: 'FLOAT',
  timestampValue: 'TIMESTAMP',
  stringValue: 'STRING',
  referenceValue: 'STRING',
  bytesValue: 'BYTES',
};

/** The narrowest column that holds every kind that was seen; nested and mixed values are JSON, which holds all. */
function typeOf(kinds: ReadonlySet<string>): Column['type'] {
  const seen = new Set(
    [...kinds].filter((kind) => kind !== 'nullValue').map((kind) => types[kind] ?? 'JSON'),
  );
  const [first = 'STRING', ...others] = seen;
  if (others.length === 0) return first;
  return [...seen].every((type) => type === 'INTEGER' || type === 'FLOAT') ? 'FLOAT' : 'JSON';
}

function readable(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner)]));
}
