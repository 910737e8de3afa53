/** BigQuery's limit. */
const longest = 300;

/**
 * Legal column names for names of a source, in their order: what is no letter, digit or underscore becomes an underscore,
 * several become one, none stands at an end; a digit in front gets `col_`, nothing at all becomes `column`; lower case, at
 * most 300 characters. Names that end alike are told apart by `_2`, `_3` and so on; the first one keeps the plain name.
 *
 * @param taken names that are in use already, in any case
 */
export function nameColumns(originals: readonly string[], taken: readonly string[] = []): readonly string[] {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  // A name that is legal as it stands keeps it, whatever comes before it.
  const plain = new Set(originals.filter((name) => sanitise(name) === name && !used.has(name)));
  return originals.map((original) => {
    const name = sanitise(original);
    const isOwner = name === original;
    let free = name;
    for (let count = 2; used.has(free) || (!isOwner && plain.has(free)); count += 1)
      free = `${name.slice(0, longest - 1 - String(count).length)}_${count}`;
    used.add(free);
    return free;
  });
}

function sanitise(name: string): string {
  const cleaned = name
    .replaceAll(/[^A-Za-z0-9_]/g, '_')
    .replaceAll(/_+/g, '_')
    .replace(/^_|_$/g, '');
  const legal = /^\d/.test(cleaned) ? `col_${cleaned}` : cleaned || 'column';
  return legal.slice(0, longest).toLowerCase();
}
