import { nameColumns } from '../../core/column-names.ts';
import type { FoundColumn } from '../../core/inspect.ts';
import type { Column, ColumnType } from '../../core/schema.ts';
import type { ParquetNode } from './parquet-footer.ts';

/** Columns of a Parquet file, with types that hold all their values. */
export function parquetColumns(nodes: readonly ParquetNode[]): readonly FoundColumn[] {
  const names = nameColumns(nodes.map(({ name }) => name));
  return nodes.map((node, index) => {
    const { element, isRepeated } = unwrap(node);
    const name = names[index] ?? node.name;
    const shape = shapeOf(element);
    const column: Column = {
      name,
      ...(name !== node.name && { sourceName: node.name }),
      ...shape,
      mode: isRepeated && shape.type !== 'JSON' ? 'REPEATED' : 'NULLABLE',
    };
    return { column, sourceType: wordsOf(node) };
  });
}

/** A list is a group around a repeated group around its element; older writers leave one of them out. */
function unwrap(node: ParquetNode): { readonly element: ParquetNode; readonly isRepeated: boolean } {
  if (node.logical !== 'LIST') return { element: node, isRepeated: node.repetition === 'REPEATED' };
  const [inner] = node.children;
  if (inner === undefined) return { element: node, isRepeated: false };
  const [only] = inner.children;
  return { element: inner.children.length === 1 && only !== undefined ? only : inner, isRepeated: true };
}

function shapeOf(node: ParquetNode): Pick<Column, 'type' | 'fields'> {
  if (node.physical === undefined) {
    // A list of lists and a map have no column type of their own.
    if (node.logical === 'LIST' || node.logical === 'MAP' || node.children.length === 0)
      return { type: 'JSON' };
    return { type: 'RECORD', fields: parquetColumns(node.children).map(({ column }) => column) };
  }
  return { type: scalarOf(node) };
}

function scalarOf({ physical, logical, isUtc, precision, scale }: ParquetNode): ColumnType {
  switch (logical) {
    case 'STRING':
    case 'ENUM':
    case 'UUID':
      return 'STRING';
    case 'JSON':
      return 'JSON';
    case 'DATE':
      return 'DATE';
    case 'TIME':
      return 'TIME';
    case 'TIMESTAMP':
      return isUtc ? 'TIMESTAMP' : 'DATETIME';
    case 'DECIMAL':
      return scale <= 9 && precision - scale <= 29 ? 'NUMERIC' : 'BIGNUMERIC';
    // Beyond what an INTEGER holds.
    case 'UINT64':
      return 'NUMERIC';
  }
  switch (physical) {
    case 'BOOLEAN':
      return 'BOOLEAN';
    case 'INT32':
    case 'INT64':
      return 'INTEGER';
    case 'INT96':
      return 'TIMESTAMP';
    case 'FLOAT':
    case 'DOUBLE':
      return 'FLOAT';
    default:
      return 'BYTES';
  }
}

function wordsOf({ physical, logical, precision, scale, repetition }: ParquetNode): string {
  const detail = logical === 'DECIMAL' ? `DECIMAL(${precision},${scale})` : logical;
  const words = [repetition === 'OPTIONAL' ? undefined : repetition, physical ?? 'group', detail];
  return words
    .filter((word) => word !== undefined)
    .join(' ')
    .toLowerCase();
}
