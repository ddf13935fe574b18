import { useQuery } from '@tanstack/react-query';
import { api, must } from '../api/client';
import { key, useSession } from './session';

/** useWho tells who asks, by person or by key, and what that one may do. */
export function useWho(): { name: string; may: (permission: string) => boolean } {
  const session = useSession();
  const who = useQuery({
    queryKey: ['session', key() ?? '', session.name ?? ''],
    queryFn: () => must(api.GET('/api/v1/session')),
    staleTime: 60_000,
  });
  const permissions: string[] = who.data?.permissions ?? [];
  return { name: who.data?.name ?? '', may: (p) => permissions.includes(p) };
}
