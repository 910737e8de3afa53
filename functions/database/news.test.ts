import { expect, it } from 'vitest';
import type { Column, ColumnType } from '../core/schema.ts';
import { mapField } from './bigquery/types.ts';
import { pairColumns } from './columns.ts';
import { mapMysqlType } from './mysql/types.ts';

const columnOf = (type: ColumnType, sourceType: string, mode: Column['mode'] = 'NULLABLE'): Column => ({
  ...{ name: 'total', type, mode, sourceType },
});

function newsOf(column: Column, now: string, mapped: ReturnType<typeof mapField> | undefined) {
  const found = [{ name: 'total', type: now, fullType: now, mapped }];
  return pairColumns({
    table: 'orders',
    columns: [column],
    found,
    options: { from: 'shop.orders', chunkRows: 1 },
  }).news;
}

const mysql = (fullType: string) =>
  mapMysqlType({ name: fullType.replace(/\W.*/, ''), fullType, isJson: false });

it('tells of a type that changed when the column holds every value of the new one, too', () => {
  const message = 'columns have another type than the schema file was written for, and still fit';
  for (const [type, old, now] of [
    ['INTEGER', 'int(11)', 'int'],
    ['INTEGER', 'int', 'bigint'],
    ['NUMERIC', 'decimal(10,2)', 'decimal(12,4)'],
    ['NUMERIC', 'bigint unsigned', 'bigint'],
    ['STRING', 'varchar(20)', 'int'],
    ['DATETIME', 'datetime', 'date'],
    ['TIMESTAMP', 'datetime', 'datetime(6)'],
    ['JSON', 'json', 'int'],
  ] as const)
    expect(newsOf(columnOf(type, old), now, mysql(now)), `${type} ${old} ${now}`).toEqual([
      { message, columns: [`"total" was ${old} and is ${now}`] },
    ]);
});

it('refuses a type whose values the column may not hold, by the names of both types', () => {
  for (const [type, old, now] of [
    ['INTEGER', 'int', 'bigint unsigned'],
    ['INTEGER', 'int', 'varchar(20)'],
    ['NUMERIC', 'decimal(10,2)', 'decimal(38,20)'],
    ['FLOAT', 'double', 'decimal(30,10)'],
    ['BOOLEAN', 'tinyint(1)', 'tinyint(4)'],
    ['DATE', 'date', 'datetime'],
    ['TIMESTAMP', 'timestamp', 'datetime'],
    ['STRING', 'varchar(20)', 'blob'],
    ['JSON', 'json', 'varchar(20)'],
  ] as const)
    expect(() => newsOf(columnOf(type, old), now, mysql(now)), `${type} ${old} ${now}`).toThrow(
      `[orders] shop.orders changed since its schema file was written: "total" was ${old} and is ${now} now, which ${type} may not hold; see what differs with npx catchment schema infer --check, and write the schema file anew with --force; to keep the column as it is, set its \`sourceType\` to the new type`,
    );
});

it('refuses a list where there was a value, and a value where there was a list', () => {
  const list = mapField('INTEGER', 'REPEATED');
  expect(() => newsOf(columnOf('INTEGER', 'INTEGER'), 'INTEGER REPEATED', list)).toThrow(
    '"total" was INTEGER and is INTEGER REPEATED now',
  );
  const value = mapField('INTEGER', undefined);
  expect(() => newsOf(columnOf('INTEGER', 'INTEGER REPEATED', 'REPEATED'), 'INTEGER', value)).toThrow(
    '"total" was INTEGER REPEATED and is INTEGER now',
  );
});

it('compares nothing that the schema file does not keep, or that the database does not tell', () => {
  const { sourceType: _none, ...plain } = columnOf('INTEGER', '');
  expect(newsOf(plain, 'varchar(20)', mysql('varchar(20)'))).toEqual([]);
  expect(newsOf(columnOf('INTEGER', 'INT64'), 'INTEGER', undefined)).toEqual([]);
});

it('keeps the beginning of a long list of words, and compares that', () => {
  const words = `enum(${Array.from({ length: 100 }, (_, index) => `'w${index}'`).join(',')})`;
  expect(newsOf(columnOf('STRING', words.slice(0, 200)), words, mysql('enum'))).toEqual([]);
});
