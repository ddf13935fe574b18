import type { TFunction } from 'i18next';
import { api, getJSON, must } from '../api/client';
import type { components } from '../api/schema';

export type Ticket = components['schemas']['Ticket'];
export type TicketDetail = components['schemas']['TicketDetail'];
export type TicketEntry = components['schemas']['TicketEntry'];

export const conclusions = ['false positive', 'intended', 'unaffected', 'true positive', 'undetermined'] as const;

export interface Verdict {
  conclusion: (typeof conclusions)[number];
  assignee: string;
  reason: string;
}

/** conclusionText words a conclusion. */
export function conclusionText(t: TFunction, conclusion: string): string {
  return t(`conclusion.${conclusion.replaceAll(' ', '_') as 'intended'}`, { defaultValue: conclusion });
}

/** Subject is a line of the queue that shall be a ticket. */
export interface Subject {
  id: string;
  title: string;
  /** Known where the line is one alert. */
  alerts?: string[];
}

interface Page {
  alerts?: { id: string }[];
  next?: string;
}

/** alertsOf asks for the ids of all alerts of a group, page by page. */
export async function alertsOf(
  group: string,
  get: (path: string) => Promise<Page> = (path) => getJSON<Page>(path),
): Promise<string[]> {
  const ids = new Set<string>();
  let cursor = '';
  do {
    const query = cursor && `?cursor=${encodeURIComponent(cursor)}`;
    const page = await get(`/api/v1/groups/${encodeURIComponent(group)}${query}`);
    for (const a of page.alerts ?? []) ids.add(a.id);
    if (page.next === cursor) break;
    cursor = page.next ?? '';
  } while (cursor);
  return [...ids];
}

/** titled cuts a title to what a ticket may have. */
export const titled = (title: string) => [...title].slice(0, 300).join('');

/** concludeAll makes a resolved ticket of each subject. */
export async function concludeAll(subjects: Subject[], v: Verdict) {
  const sets: { title: string; alerts: string[] }[] = [];
  for (const s of subjects) sets.push({ title: titled(s.title), alerts: s.alerts ?? (await alertsOf(s.id)) });
  return must(api.POST('/api/v1/tickets/conclude', { body: { sets, ...v } }));
}
