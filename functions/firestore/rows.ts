import type { Row } from '../core/extract.ts';
import type { Column } from '../core/schema.ts';
import { type Document, readFields } from './values.ts';

/**
 * What a document has beside its fields, by the `sourceName` of a column. No field can have such a name: Firestore keeps
 * `__.*__` for itself.
 */
export const facts = {
  __id__: { type: 'STRING', description: 'Id of the document' },
  __path__: { type: 'STRING', description: 'Path of the document in its database' },
  __create_time__: { type: 'TIMESTAMP', description: 'When the document was created' },
  __update_time__: { type: 'TIMESTAMP', description: 'When the document was changed last' },
  __read_time__: { type: 'TIMESTAMP', description: 'The moment whose state of the database was read' },
} as const;

/** Makes rows of documents. A fact is given only where a column asks for it, so that none counts as an unknown field. */
export function rowMaker(columns: readonly Column[]): (document: Document, readTime: string) => Row {
  const asked = columns.map(({ name, sourceName }) => sourceName ?? name).filter((name) => name in facts);
  return (document, readTime) => {
    const path = pathOf(document.name);
    const all: Readonly<Record<keyof typeof facts, unknown>> = {
      __id__: path.slice(path.lastIndexOf('/') + 1),
      __path__: path,
      __create_time__: document.createTime,
      __update_time__: document.updateTime,
      __read_time__: readTime,
    };
    const row = readFields(document.fields ?? {});
    for (const name of asked) row[name] = all[name as keyof typeof facts];
    return row;
  };
}

/** `users/u1` of `projects/p/databases/d/documents/users/u1`. */
export function pathOf(name: string): string {
  return name.split('/').slice(5).join('/');
}
