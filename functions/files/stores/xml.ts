import { XMLParser } from 'fast-xml-parser';

/** Texts stay texts: an ETag of digits is no number, a key keeps its leading zeros and spaces. */
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => name === 'Contents' || name === 'Blob',
});

export type XmlNode = Readonly<Record<string, unknown>>;

/** A document as nested objects of texts; `{}` for what is no XML. */
export function parseXml(bytes: Uint8Array): XmlNode {
  try {
    return asNode(parser.parse(Buffer.from(bytes)));
  } catch {
    return {};
  }
}

export function asNode(value: unknown): XmlNode {
  return typeof value === 'object' && value !== null ? (value as XmlNode) : {};
}

export function asNodes(value: unknown): readonly XmlNode[] {
  return Array.isArray(value) ? value.map(asNode) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
