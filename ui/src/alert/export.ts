import type { Alert } from '../api/client';
import { page, type Search } from './alerts';

export const exportLimit = 10_000;

const columns = [
  'id',
  'severity',
  'title',
  'source',
  'kind',
  'rule',
  'disposition',
  'sightings',
  'first',
  'last',
  'received_at',
  'observables',
  'techniques',
  'tags',
] as const;

function row(a: Alert): string[] {
  const named: Record<(typeof columns)[number], string> = {
    id: a.id,
    severity: a.severity,
    title: a.title,
    source: a.source,
    kind: a.kind,
    rule: a.rule,
    disposition: a.disposition,
    sightings: String(a.sightings.count),
    first: a.sightings.first,
    last: a.sightings.last,
    received_at: a.received_at,
    observables: (a.observables ?? []).map((o) => `${o.type}=${o.value}`).join(' '),
    techniques: (a.techniques ?? []).join(' '),
    tags: (a.tags ?? []).join(' '),
  };
  return columns.map((c) => named[c]);
}

/** cell writes a value for CSV. Text comes from attackers, and a spreadsheet takes
 * one that begins like a formula for one: an apostrophe keeps it text. */
export function cell(value: string): string {
  const safe = /^\s*[=+\-@\t\r]/.test(value) ? "'" + value : value;
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

/** csv writes alerts with a byte order mark, without which Excel garbles Japanese. */
export function csv(alerts: Alert[]): string {
  return '\ufeff' + [[...columns], ...alerts.map(row)].map((r) => r.map(cell).join(',')).join('\r\n') + '\r\n';
}

export function ndjson(alerts: Alert[]): string {
  return alerts.map((a) => JSON.stringify(a) + '\n').join('');
}

/** gather reads every alert that matches, up to the limit. */
export async function gather(
  search: Search,
  keep: (a: Alert) => boolean,
  progress: (n: number) => void,
): Promise<{ alerts: Alert[]; cut: boolean }> {
  const alerts: Alert[] = [];
  let cursor = '';
  do {
    const p = await page(search, cursor, 500);
    alerts.push(...(p.items ?? []).filter(keep));
    cursor = p.next;
    progress(alerts.length);
  } while (cursor && alerts.length < exportLimit);
  return { alerts: alerts.slice(0, exportLimit), cut: !!cursor };
}

/** save hands a file to the browser. */
export function save(name: string, media: string, text: string) {
  saveBlob(name, new Blob([text], { type: media }));
}

export function saveBlob(name: string, blob: Blob) {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
}
