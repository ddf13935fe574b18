import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { Link, RouterContextProvider, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Hostile } from '../hostile/Hostile';
import { useWho } from '../session/who';
import { Conclude } from './Conclude';
import { concludeAll, type Subject } from './tickets';

interface Props {
  subjects: Subject[];
  close: () => void;
  /** done is told the ids of the lines that became tickets. */
  done: (ids: string[]) => void;
}

/** ConcludeLines makes one resolved ticket of each of some lines of the queue. */
export function ConcludeLines({ subjects, close, done }: Props) {
  const { t } = useTranslation();
  const who = useWho();
  const client = useQueryClient();
  const router = useRouter();
  const first = subjects[0];
  if (!first) return null;
  return (
    <Conclude
      owner={who.name}
      close={close}
      about={
        subjects.length > 1 ? (
          t('conclude.lines', { n: subjects.length.toLocaleString() })
        ) : (
          <Hostile text={first.title} limit={240} more={false} />
        )
      }
      conclude={async (v) => {
        const got = await concludeAll(subjects, v);
        const refused = got.refused ?? [];
        const tickets = (got.tickets ?? []).filter(Boolean);
        await client.invalidateQueries({ predicate: (q) => ['group', 'ticket'].includes(String(q.queryKey[0])) });
        if (tickets.length > 0) {
          notifications.show({
            autoClose: 8000,
            // Toasts live outside the router; the links need it.
            message: (
              <RouterContextProvider router={router}>
                {t('conclude.done', { count: tickets.length })}{' '}
                {tickets.slice(0, 5).map((id) => (
                  <Link key={id} to="/tickets/$id" params={{ id }} className="link" style={{ marginRight: 6 }}>
                    {id}
                  </Link>
                ))}
              </RouterContextProvider>
            ),
          });
          const out = new Set(refused.map((r) => r.set));
          done(subjects.filter((_, i) => !out.has(i)).map((s) => s.id));
        }
        if (refused.length > 0)
          throw new Error(
            refused
              .slice(0, 5)
              .map((r) => `${subjects[r.set]?.id ?? ''}: ${r.why}`)
              .join(' · '),
          );
      }}
    />
  );
}
