import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { BackButton } from '../alert/AlertPage';
import { getJSON, Problem, type Alert } from '../api/client';
import { Hostile } from '../hostile/Hostile';
import { Section } from '../show/Section';
import { Severity } from '../show/Severity';
import { Failed, Loading, NotFound } from '../show/State';
import { Ago } from '../show/Time';
import { useTitle } from '../show/title';
import type { Group } from './groups';

const route = getRouteApi('/groups/$id');

type Detail = Group & { alerts?: Pick<Alert, 'id' | 'title' | 'severity'>[] };

/** GroupPage shows why alerts belong together, and leads to them. */
export function GroupPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const group = useQuery({
    queryKey: ['group', 'one', id],
    queryFn: ({ signal }) => getJSON<Detail>(`/api/v1/groups/${encodeURIComponent(id)}`, signal),
  });
  useTitle(group.data?.title ?? id);
  const g = group.data;
  return (
    <div className="page scrolls">
      <BackButton label={t('alert.back')} to="/queue" />
      {group.isPending ? (
        <Loading />
      ) : group.error instanceof Problem && group.error.status === 404 ? (
        <NotFound>{group.error.message}</NotFound>
      ) : !g ? (
        <Failed error={group.error} again={() => void group.refetch()} />
      ) : (
        <>
          <header className="pageHead">
            <h1>
              <Hostile text={g.title ?? id} limit={300} />
            </h1>
            <Severity value={g.severity ?? 'info'} />
            <span className="total">
              <Ago at={g.last} />
            </span>
          </header>
          {g.why && (
            <p>
              <Hostile text={g.why} />
            </p>
          )}
          {g.differs && (
            <Section title={t('queue.differs')}>
              <Hostile text={g.differs} />
            </Section>
          )}
          {(g.reasons?.length ?? 0) > 0 && (
            <Section title={t('group.reasons')}>
              <ul>
                {g.reasons?.map((r, i) => (
                  <li key={i}>
                    <Hostile text={r.text} limit={400} />
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {(g.alerts?.length ?? 0) > 0 && (
            <Section title={t('group.alerts')} count={g.alerts?.length}>
              <ul>
                {g.alerts?.map((a) => (
                  <li key={a.id}>
                    <Link to="/alerts/$id" params={{ id: a.id }} className="link">
                      <Hostile text={a.title} limit={240} more={false} />
                    </Link>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </>
      )}
    </div>
  );
}
