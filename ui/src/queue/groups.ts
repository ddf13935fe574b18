import { useInfiniteQuery } from '@tanstack/react-query';
import { page, pageSize, wasRenewed, type Search } from '../alert/alerts';
import { getJSON, Problem, type Alert } from '../api/client';
import { values } from '../query/query';

/** A group as GET /api/v1/groups tells it. The server may leave fields out. */
export interface Group {
  id: string;
  standing?: string;
  title?: string;
  why?: string;
  differs?: string;
  priority?: number;
  reasons?: { text: string }[];
  severity?: string;
  count?: number;
  sightings?: number;
  sources?: string[];
  first?: string;
  last?: string;
  new?: boolean;
  ticket?: string;
  lead?: string;
  past?: { conclusion?: string; ticket?: string; reason?: string; like?: string };
}

/** QueueLine is a group, or an alert where the server has no groups. */
export interface QueueLine extends Group {
  alert?: Alert;
}

interface QueuePage {
  items: QueueLine[];
  next: string;
  /** The server has no groups: every line is an alert. */
  alone: boolean;
  /** How many lines there are, where the server tells. */
  total?: number;
}

// Once the server said that it has no groups, asking again for every page is in vain.
let groupless = false;

/** useQueue pages through the queue, the most pressing first. */
export function useQueue(search: Search) {
  return useInfiniteQuery({
    queryKey: ['group', 'queue', search.q],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => queuePage(search, pageParam, signal),
    getNextPageParam: (p) => p.next || undefined,
  });
}

async function queuePage(search: Search, cursor: string, signal: AbortSignal): Promise<QueuePage> {
  if (!groupless) {
    try {
      const query = new URLSearchParams({ limit: String(pageSize) });
      if (search.q) query.set('q', search.q);
      if (cursor) query.set('cursor', cursor);
      const got = await getJSON<{ items?: Group[]; next?: string; total?: number }>(`/api/v1/groups?${query}`, signal);
      return { items: got.items ?? [], next: got.next ?? '', alone: false, total: got.total };
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 404) throw e;
      groupless = true;
    }
  }
  const got = await page(queueSearch(search), cursor, pageSize, signal);
  return { items: (got.items ?? []).map(asLine), next: got.next, alone: true };
}

/** queueSearch narrows a search to what stands in the queue, unless it says itself
 * which dispositions it wants. */
export function queueSearch(search: Search): Search {
  const q = search.q ?? '';
  const wanted = values(q, 'disposition').length > 0 ? q : `${q} disposition:active`.trim();
  return { q: wanted, sort: '-severity' };
}

function asLine(a: Alert): QueueLine {
  return {
    id: a.id,
    title: a.title,
    why: a.renewed_why && wasRenewed(a) ? a.renewed_why : a.disposition_reason,
    severity: a.severity,
    count: 1,
    sightings: a.sightings.count,
    sources: [a.source],
    first: a.sightings.first,
    last: a.sightings.last,
    new: wasRenewed(a),
    alert: a,
  };
}
