import type { Mapped } from '../describe-columns.ts';
import { mapDecimal } from '../describe-columns.ts';

/** What the catalog says of a type. */
export interface PostgresType {
  /** `int4`, `_text`, `mood`. */
  readonly name: string;
  /** b base, e enum, d domain, r range, m multirange, c composite. */
  readonly kind: string;
  /** With precision, such as `numeric(12,2)`. */
  readonly fullType: string;
  /** Of an array: its element's name and kind. */
  readonly element?: { readonly name: string; readonly kind: string } | undefined;
  /** Of an array: dimensions as declared, 0 when undeclared. */
  readonly dimensions: number;
}

const plain: Readonly<Record<string, Mapped>> = {
  ...type('INTEGER', 'int2', 'int4', 'int8', 'oid'),
  ...type('FLOAT', 'float4', 'float8'),
  ...type('BOOLEAN', 'bool'),
  ...type('STRING', 'text', 'varchar', 'bpchar', 'char', 'name', 'citext', 'uuid', 'xml', 'bit', 'varbit'),
  ...type('STRING', 'inet', 'cidr', 'macaddr', 'macaddr8', 'interval', 'tsvector', 'ltree'),
  ...type('DATE', 'date'),
  ...type('TIME', 'time'),
  ...type('DATETIME', 'timestamp'),
  ...type('TIMESTAMP', 'timestamptz'),
  ...type('JSON', 'json', 'jsonb', 'hstore'),
  ...type('BYTES', 'bytea'),
  timetz: { type: 'TIME', warning: 'is a time with a zone: it is stored in UTC' },
  money: {
    type: 'NUMERIC',
    warning: "is money: the currency is the server's setting, and is not stored with it",
  },
};

const geometric = ['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'geometry', 'geography'];

/** The schema type that holds every value of a PostgreSQL type; what nobody knows is a STRING, with a warning. */
export function mapPostgresType(found: PostgresType): Mapped {
  if (found.element !== undefined) return mapArray(found, found.element);
  if (found.kind === 'e') return { type: 'STRING' };
  if (found.kind === 'r' || found.kind === 'm') return { type: 'STRING' };
  if (found.kind === 'c') return { type: 'JSON' };
  if (found.name === 'numeric') {
    const [, precision, scale = '0'] = /\((\d+)(?:,(-?\d+))?\)/.exec(found.fullType) ?? [];
    return mapDecimal(precision === undefined ? undefined : Number(precision), Number(scale), 'numeric');
  }
  if (geometric.includes(found.name))
    return {
      type: 'STRING',
      warning: `is ${found.fullType}: it is stored as the text that PostgreSQL prints`,
    };
  return (
    plain[found.name] ?? {
      type: 'STRING',
      warning: `has the type ${found.fullType}, which is not known here: it is stored as the text that PostgreSQL prints`,
    }
  );
}

/** Lists of plain values become REPEATED, anything deeper JSON. */
function mapArray({ dimensions }: PostgresType, element: { name: string; kind: string }): Mapped {
  const mapped = plain[element.name];
  const repeats = ['STRING', 'INTEGER', 'FLOAT', 'BOOLEAN', 'DATE', 'DATETIME'];
  const isPlain = element.kind === 'e' || (mapped !== undefined && repeats.includes(mapped.type));
  if (!isPlain || dimensions > 1) return { type: 'JSON' };
  return {
    type: mapped?.type ?? 'STRING',
    mode: 'REPEATED',
    warning:
      'is an array: a row whose list holds a NULL or a list goes to quarantine; the type JSON holds both',
  };
}

function type(type: Mapped['type'], ...names: readonly string[]): Record<string, Mapped> {
  return Object.fromEntries(names.map((name) => [name, { type }]));
}
