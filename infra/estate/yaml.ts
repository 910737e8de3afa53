import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Finding, Locate, Path } from './mistake.ts';

export interface StackDocument {
  readonly value: unknown;
  /** Paths here start at the top of the file. */
  readonly locate: Locate;
  /** YAML that cannot be read, and keys that are written twice. */
  readonly findings: readonly Finding[];
}

/** Reads a stack file with the position of every value, and with duplicate keys as findings instead of the last one winning. */
export function readYaml(text: string): StackDocument {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const lineOf = (offset: number) => lines.linePos(offset).line;

  const syntax = doc.errors.map(({ message, pos }): Finding => {
    const [summary = message] = message.split(/ at line \d+/);
    return { path: [], line: lineOf(pos[0]), what: `is not YAML (${summary})` };
  });
  if (syntax.length > 0) return { value: undefined, locate: () => ({}), findings: syntax };

  const findings: Finding[] = [];
  visit(doc, {
    Map(_, map, ancestors) {
      const firsts = new Map<string, number>();
      // The first one is read on, so that its own mistakes are found too.
      map.items = map.items.filter(({ key }) => {
        if (!isScalar(key)) return true;
        const name = String(key.value);
        const line = lineOf(key.range?.[0] ?? 0);
        const first = firsts.get(name);
        if (first === undefined) {
          firsts.set(name, line);
          return true;
        }
        const path = [...pathTo([...ancestors, map]), name];
        const what = `is written twice, on lines ${first} and ${line}`;
        findings.push({ path, line, what, todo: 'keep one, or rename one' });
        return false;
      });
    },
  });
  const locate: Locate = (path) => {
    const node = nearest(doc.contents, path);
    if (node === undefined) return {};
    return { line: lineOf(node.offset), source: node.source };
  };
  return { value: doc.toJS() ?? {}, locate, findings };
}

/** The keys that lead from the top to the last of these nodes. */
function pathTo(ancestors: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  ancestors.forEach((node, index) => {
    const parent = ancestors[index - 1];
    if (isSeq(parent)) path.push(parent.items.indexOf(node));
    if (typeof node === 'object' && node !== null && 'key' in node && isScalar(node.key))
      path.push(String(node.key.value));
  });
  return path;
}

/** The value at a path, or what comes nearest above it when it is missing. */
function nearest(
  top: Node | null,
  path: Path,
): { readonly offset: number; readonly source?: string | undefined } | undefined {
  let node: unknown = top;
  let offset = top?.range?.[0];
  for (const [depth, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return offset === undefined ? undefined : { offset };
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else if (isAlias(node) || depth < path.length) {
      return offset === undefined ? undefined : { offset };
    }
  }
  const source = isScalar(node) ? node.source : undefined;
  return offset === undefined ? undefined : { offset, source };
}
