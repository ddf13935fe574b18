// The query language of lists, as the server reads it (web/query.go): words and
// "quoted phrases", all required, and name:value for the names below. Values of one
// name given several times are alternatives where an alert has one of it.

export const fields = ['source', 'kind', 'severity', 'rule', 'observable', 'tag', 'technique', 'disposition'] as const;
export type Field = (typeof fields)[number];

export interface Term {
  field?: Field;
  value: string;
  /** Where the term stands in the text: [from, to). */
  from: number;
  to: number;
}

const space = /[ \t\n\r\u3000]/;

/** parse cuts a query into its terms. A colon after any other name is text. */
export function parse(text: string): Term[] {
  const terms: Term[] = [];
  let i = 0;
  while (i < text.length) {
    if (space.test(text.charAt(i))) {
      i++;
      continue;
    }
    const from = i;
    let word = '';
    let inside = false;
    const quoted = text.charAt(i) === '"';
    for (; i < text.length && (inside || !space.test(text.charAt(i))); i++) {
      if (text.charAt(i) === '"') inside = !inside;
      else word += text.charAt(i);
    }
    if (word === '') continue;
    const colon = word.indexOf(':');
    const name = word.slice(0, colon).toLowerCase();
    if (!quoted && colon > 0 && colon < word.length - 1 && isField(name)) {
      terms.push({ field: name, value: word.slice(colon + 1), from, to: i });
    } else {
      terms.push({ value: word, from, to: i });
    }
  }
  return terms;
}

function isField(name: string): name is Field {
  return (fields as readonly string[]).includes(name);
}

/** term writes one term so that parse reads it back. The language has no way to
 * write a quote, so one is left out. */
export function term(value: string, field?: Field): string {
  const clean = value.replaceAll('"', '');
  const needsQuotes = space.test(clean) || (field === undefined && clean.includes(':'));
  const shown = needsQuotes ? `"${clean}"` : clean;
  return field === undefined ? shown : `${field}:${shown}`;
}

/** values returns what the query names of a field; severity:high,low is two. */
export function values(text: string, field: Field): string[] {
  return parse(text)
    .filter((t) => t.field === field)
    .flatMap((t) => (field === 'severity' ? t.value.split(',') : [t.value]));
}

/** toggle adds field:value to the query, or takes it out where it stands. */
export function toggle(text: string, field: Field, value: string): string {
  const terms = parse(text);
  const kept: string[] = [];
  let found = false;
  for (const t of terms) {
    const all = t.field === 'severity' ? t.value.split(',') : [t.value];
    if (t.field !== field || !all.includes(value)) {
      kept.push(text.slice(t.from, t.to));
      continue;
    }
    found = true;
    const rest = all.filter((v) => v !== value);
    if (rest.length > 0) kept.push(term(rest.join(','), field));
  }
  if (!found) kept.push(term(value, field));
  return kept.join(' ');
}

export interface Suggestion {
  /** What is offered: a field's name with its colon, or a whole term. */
  text: string;
  count?: number;
  from: number;
  to: number;
}

const fixed: Partial<Record<Field, string[]>> = {
  severity: ['critical', 'high', 'medium', 'low', 'info'],
  disposition: ['active', 'notice', 'silenced', 'closed', 'declined'],
};

/** complete offers names of fields, and their values with counts, for the word
 * that the caret stands in. */
export function complete(
  text: string,
  caret: number,
  counts: Partial<Record<Field, Record<string, number>>>,
): Suggestion[] {
  let from = caret;
  while (from > 0 && !space.test(text.charAt(from - 1))) from--;
  let to = caret;
  while (to < text.length && !space.test(text.charAt(to))) to++;
  const word = text.slice(from, caret);
  const colon = word.indexOf(':');
  if (colon < 0) {
    if (word === '') return [];
    return fields.filter((f) => f.startsWith(word.toLowerCase())).map((f) => ({ text: f + ':', from, to }));
  }
  const field = word.slice(0, colon).toLowerCase();
  if (!isField(field)) return [];
  const begun = word
    .slice(colon + 1)
    .replaceAll('"', '')
    .toLowerCase();
  const known = counts[field] ?? {};
  const names = [...new Set([...(fixed[field] ?? []), ...Object.keys(known)])];
  if (!fixed[field]) names.sort((a, b) => (known[b] ?? 0) - (known[a] ?? 0) || a.localeCompare(b));
  return names
    .filter((n) => n.toLowerCase().includes(begun) && n.toLowerCase() !== begun)
    .slice(0, 12)
    .map((n) => ({ text: term(n, field), count: known[n], from, to }));
}

/** accept puts a suggestion into the text and tells where the caret goes. */
export function accept(text: string, s: Suggestion): { text: string; caret: number } {
  const gap = s.text.endsWith(':') ? '' : ' ';
  const after = text.slice(s.to).replace(/^\s+/, '');
  const before = text.slice(0, s.from) + s.text + gap;
  return { text: before + after, caret: before.length };
}
