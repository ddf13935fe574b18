/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** entries are a value's children with their names; nothing for a value without. */
export function entries(v: Json): [string, Json][] | undefined {
  if (Array.isArray(v)) return v.map((x, i) => [String(i), x]);
  if (v !== null && typeof v === 'object') return Object.entries(v);
  return undefined;
}

/** hits returns the paths of keys and values that hold the text, and of everything
 * that must be unfolded to see them. */
export function hits(root: Json, text: string): { found: Set<string>; open: Set<string> } {
  const found = new Set<string>();
  const open = new Set<string>();
  const want = text.trim().toLowerCase();
  if (want === '') return { found, open };
  const walk = (v: Json, path: string, key: string): boolean => {
    const children = entries(v);
    let inside = false;
    for (const [k, child] of children ?? []) inside = walk(child, `${path}/${k}`, k) || inside;
    if (inside) open.add(path);
    const self = key.toLowerCase().includes(want) || (!children && String(v).toLowerCase().includes(want));
    if (self) found.add(path);
    return self || inside;
  };
  walk(root, '', '');
  return { found, open };
}

/** parsed reads a message: one JSON value, one a line, or text. */
export function parsed(text: string): { json: Json } | { text: string } {
  try {
    return { json: JSON.parse(text) as Json };
  } catch {
    // Perhaps one value a line.
  }
  const lines = text.split('\n').filter((l) => l.trim() !== '');
  if (lines.length > 1) {
    try {
      return { json: lines.map((l) => JSON.parse(l) as Json) };
    } catch {
      // Text, then.
    }
  }
  return { text };
}
