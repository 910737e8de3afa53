import { z } from 'zod';

/** A document as the API writes it. */
export const documentShape = z.object({
  name: z.string(),
  fields: z.record(z.string(), z.unknown()).optional(),
  createTime: z.string().optional(),
  updateTime: z.string().optional(),
});

export type Document = z.output<typeof documentShape>;

const mapShape = z.object({ fields: z.record(z.string(), z.unknown()).optional() });
const arrayShape = z.object({ values: z.array(z.unknown()).optional() });

/**
 * A value of the API (`{ "integerValue": "7" }`) as a plain one: integers as bigint, moments, references and bytes as
 * text (base64 for bytes), a point as `{ latitude, longitude }`, a vector as a list of numbers.
 *
 * @see https://cloud.google.com/firestore/docs/reference/rest/v1/Value
 * @throws when the value is of a kind that is not documented
 */
export function readValue(value: unknown): unknown {
  const [[kind, inner] = []] = Object.entries(value as Readonly<Record<string, unknown>>);
  switch (kind) {
    case 'nullValue':
      return null;
    case 'integerValue':
      return BigInt(String(inner));
    case 'booleanValue':
    case 'doubleValue':
    case 'stringValue':
    case 'timestampValue':
    case 'bytesValue':
    case 'referenceValue':
    case 'geoPointValue':
      return inner;
    case 'arrayValue':
      return (arrayShape.parse(inner).values ?? []).map(readValue);
    case 'mapValue':
      return readMap(mapShape.parse(inner).fields ?? {});
    default:
      throw new Error(`Firestore sent a value of an unknown kind: ${String(kind)}`);
  }
}

function readMap(fields: Readonly<Record<string, unknown>>): unknown {
  const map = readFields(fields);
  // https://cloud.google.com/firestore/docs/vector-search: a vector is a map of this type.
  return map.__type__ === '__vector__' ? map.value : map;
}

export function readFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, readValue(value)]));
}
