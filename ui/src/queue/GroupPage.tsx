import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { BackButton } from '../alert/AlertPage';
import { getJSON, Problem, type Alert } from '../api/client';
import { defang } from '../hostile/defang';
import { Hostile } from '../hostile/Hostile';
import { Section } from '../show/Section';
import { Severity } from '../show/Severity';
import { Failed, Loading, NotFound } from '../show/State';
import { Ago } from '../show/Time';
import { useTitle } from '../show/title';
import { GroupActions } from './GroupActions';
import type { Group } from './groups';

const route = getRouteApi('/groups/$id');

interface Member extends Alert {
  together?: { type: string; value: string; alert: string }[];
}

type Detail = Group & { alerts?: Member[]; next?: string };

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
          {g.standing === 'queued' && <GroupActions group={g} />}
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
          {g.past?.conclusion && (
            <Section title={t('queue.past')}>
              <strong>
                {t(`conclusion.${g.past.conclusion.replaceAll(' ', '_') as 'intended'}`, {
                  defaultValue: g.past.conclusion,
                })}
              </strong>
              {g.past.ticket && (
                <>
                  {' · '}
                  <Link to="/tickets/$id" params={{ id: g.past.ticket }} className="link">
                    {g.past.ticket}
                  </Link>
                </>
              )}
              {g.past.like && (
                <span> · {t(g.past.like === 'the same rule' ? 'queue.sameRule' : 'queue.sameThing')}</span>
              )}
              {g.past.reason && (
                <div>
                  <Hostile text={g.past.reason} limit={500} />
                </div>
              )}
            </Section>
          )}
          <Members group={g} />
        </>
      )}
    </div>
  );
}

function Members({ group: g }: { group: Detail }) {
  const { t } = useTranslation();
  const list = g.alerts ?? [];
  if (list.length === 0) return null;
  return (
    <Section title={t('group.alerts')} count={g.count ?? list.length}>
      <div className="tableBox">
        <table className="table">
          <thead>
            <tr>
              <th>{t('list.severity')}</th>
              <th>{t('list.title')}</th>
              <th>{t('list.source')}</th>
              <th className="num">{t('list.count')}</th>
              <th>{t('list.seen')}</th>
            </tr>
          </thead>
          <tbody>
            {list.map((a) => (
              <tr key={a.id}>
                <td>
                  <Severity value={a.severity} />
                </td>
                <td>
                  <Link to="/alerts/$id" params={{ id: a.id }} className="link">
                    <Hostile text={a.title} limit={240} more={false} />
                  </Link>
                  {(a.together?.length ?? 0) > 0 && (
                    <div className="quiet">
                      <Hostile
                        text={t('group.shares', {
                          what: a.together?.map((s) => `${s.type} ${defang(s.value, s.type)}`).join(', '),
                        })}
                        limit={240}
                        more={false}
                      />
                    </div>
                  )}
                </td>
                <td className="nowrap">{a.source}</td>
                <td className="num">{a.sightings?.count > 1 ? `×${a.sightings.count.toLocaleString()}` : ''}</td>
                <td>
                  <Ago at={a.sightings?.last} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {g.next && <p className="quiet">{t('group.firstOnly', { n: list.length })}</p>}
    </Section>
  );
}
