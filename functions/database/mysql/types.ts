import type { Mapped } from '../../core/describe-columns.ts';
import { mapDecimal } from '../../core/describe-columns.ts';

export interface MysqlType {
  /** `bigint`, `varchar`. */
  readonly name: string;
  /** `bigint(20) unsigned`, `enum('a','b')`. */
  readonly fullType: string;
  /** MariaDB declares JSON as a text with a check. */
  readonly isJson: boolean;
}

const plain: Readonly<Record<string, Mapped>> = {
  ...type('INTEGER', 'tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year'),
  ...type('FLOAT', 'float', 'double'),
  ...type('STRING', 'varchar', 'char', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set'),
  ...type('STRING', 'uuid', 'inet4', 'inet6'),
  ...type('DATE', 'date'),
  ...type('DATETIME', 'datetime'),
  ...type('TIMESTAMP', 'timestamp'),
  ...type('JSON', 'json'),
  ...type('BYTES', 'binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'),
  time: {
    type: 'TIME',
    warning:
      'is a TIME, which may be a span: a row below 00:00 or beyond 24:00 goes to quarantine; STRING holds all',
  },
};

const geometries = /^(?:geometry|point|linestring|polygon|multi\w+|geom\w*collection)$/;

/** The schema type that holds every value of a MySQL type; what nobody knows is a STRING, with a warning. */
export function mapMysqlType({ name, fullType, isJson }: MysqlType): Mapped {
  if (isJson) return { type: 'JSON' };
  if (fullType.startsWith('tinyint(1)')) return { type: 'BOOLEAN' };
  if (name === 'bit') {
    if (fullType === 'bit(1)') return { type: 'BOOLEAN' };
    return { type: fullType === 'bit(64)' ? 'NUMERIC' : 'INTEGER' };
  }
  if (name === 'bigint' && fullType.includes('unsigned'))
    return { type: 'NUMERIC', warning: 'is bigint unsigned, whose upper half is beyond INTEGER' };
  if (name === 'decimal') {
    const [, precision = '10', scale = '0'] = /\((\d+)(?:,(\d+))?\)/.exec(fullType) ?? [];
    return mapDecimal(Number(precision), Number(scale), 'decimal');
  }
  if (geometries.test(name))
    return { type: 'STRING', warning: `is ${fullType}: it is stored as well-known text` };
  return (
    plain[name] ?? {
      type: 'STRING',
      warning: `has the type ${fullType}, which is not known here: it is stored as the text that the server prints`,
    }
  );
}

function type(type: Mapped['type'], ...names: readonly string[]): Record<string, Mapped> {
  return Object.fromEntries(names.map((name) => [name, { type }]));
}
