import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, must, type Alert } from '../api/client';

/** A search as the address holds it. */
export interface Search {
  q?: string;
  from?: string;
  sort?: string;
}

export const pageSize = 100;

/** useAlerts pages through the alerts that match. */
export function useAlerts(search: Search, enabled = true) {
  return useInfiniteQuery({
    queryKey: ['alert', 'list', search],
    enabled,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => page(search, pageParam, pageSize, signal),
    getNextPageParam: (p) => p.next || undefined,
  });
}

export function page(search: Search, cursor: string, limit: number, signal?: AbortSignal) {
  const { q, from, sort } = search;
  return must(
    api.GET('/api/v1/alerts', {
      params: {
        query: {
          q: q || undefined,
          from: from || undefined,
          sort: sort || undefined,
          limit,
          cursor: cursor || undefined,
        },
      },
      signal,
    }),
  );
}

export function useFacets(search: Search) {
  const { q, from } = search;
  return useQuery({
    queryKey: ['alert', 'facets', q, from],
    queryFn: ({ signal }) =>
      must(
        api.GET('/api/v1/alerts/facets', { params: { query: { q: q || undefined, from: from || undefined } }, signal }),
      ),
    placeholderData: keepPreviousData,
  });
}

export function useAlert(id: string) {
  return useQuery({
    queryKey: ['alert', 'one', id],
    queryFn: ({ signal }) => must(api.GET('/api/v1/alerts/{id}', { params: { path: { id } }, signal })),
  });
}

/** wasRenewed tells whether a repeat brought something new within the last day. */
export function wasRenewed(a: Pick<Alert, 'renewed_at'>): boolean {
  return !!a.renewed_at && Date.now() - new Date(a.renewed_at).getTime() < 86_400_000;
}
