/** One item of an array: its text, NULL, or an array inside. */
export type ArrayItem = string | null | readonly ArrayItem[];

/**
 * Reads an array as PostgreSQL writes it: `{1,NULL,"a \"b\""}`, also with bounds before it (`[0:1]={…}`).
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 *
 * @param delimiter `;` for boxes, `,` for all other types
 * @returns undefined when the text is no array
 */
export function parseArray(text: string, delimiter = ','): readonly ArrayItem[] | undefined {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  if (text[at] !== '{') return undefined;

  const readQuoted = (): string => {
    let value = '';
    for (at += 1; at < text.length && text[at] !== '"'; at += 1) {
      if (text[at] === '\\') at += 1;
      value += text[at];
    }
    at += 1;
    return value;
  };

  const readPlain = (): string | null => {
    const start = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== '}') at += 1;
    const value = text.slice(start, at);
    return value.toUpperCase() === 'NULL' ? null : value;
  };

  const readItems = (): readonly ArrayItem[] => {
    const items: ArrayItem[] = [];
    at += 1;
    while (at < text.length && text[at] !== '}') {
      if (text[at] === '{') items.push(readItems());
      else items.push(text[at] === '"' ? readQuoted() : readPlain());
      if (text[at] === delimiter) at += 1;
    }
    at += 1;
    return items;
  };

  return readItems();
}
