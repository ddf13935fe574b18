import { useQueries, useQuery } from '@tanstack/react-query';
import { api, must, type Source } from '../api/client';

export function useSources() {
  return useQuery({
    queryKey: ['source', 'list'],
    queryFn: ({ signal }) => must(api.GET('/api/v1/sources', { signal })),
  });
}

export function useKinds() {
  return useQuery({
    queryKey: ['source', 'kinds'],
    staleTime: 300_000,
    queryFn: ({ signal }) => must(api.GET('/api/v1/kinds', { signal })),
  });
}

/** useLast asks for the newest delivery of each source: sources are few. */
export function useLast(sources: Source[]) {
  return useQueries({
    queries: sources.map((s) => ({
      queryKey: ['delivery', 'last', s.id],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        must(api.GET('/api/v1/deliveries', { params: { query: { source: s.id, limit: 1 } }, signal })),
    })),
    combine: (results) => new Map(sources.map((s, i) => [s.id, results[i]?.data?.items?.[0]])),
  });
}

/** A source's id as the server takes it. */
export const validId = /^[a-z0-9._-]{1,64}$/;
export const validWindow = /^(\d+(\.\d+)?(h|m|s))+$/;

/** curl is the command that sends a message to a hook. Only generic reads whatever
 * one makes up; other kinds read their product's own form. */
export function curl(hook: string, token: string, kind: string): string {
  const body =
    kind === 'generic'
      ? `'{"title": "Sign-in from a new country", "severity": "high", "user": "alice@example.com"}'`
      : '@message.json';
  return `curl -H "Authorization: Bearer ${token}" '${location.origin}${hook}?wait=1' \\\n  --json ${body}`;
}
