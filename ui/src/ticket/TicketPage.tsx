import { Button, Group, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { BackButton } from '../alert/AlertPage';
import { api, must, Problem } from '../api/client';
import { useKeys } from '../app/keys';
import { Hostile } from '../hostile/Hostile';
import { plain } from '../hostile/hostile';
import { useWho } from '../session/who';
import { CopyButton } from '../show/Copy';
import { Section } from '../show/Section';
import { Severity } from '../show/Severity';
import { Failed, Loading } from '../show/State';
import { Ago } from '../show/Time';
import { useTitle } from '../show/title';
import { conclusionText, type TicketDetail, type TicketEntry } from './tickets';
import { statusText, Timeline } from './Timeline';
import classes from './ticket.module.css';

const route = getRouteApi('/tickets/$id');
const Conclude = lazy(() => import('./Conclude').then((m) => ({ default: m.Conclude })));

const read = (id: string, signal?: AbortSignal) =>
  must(api.GET('/api/v1/tickets/{id}', { params: { path: { id } }, signal }));

/** TicketPage shows a ticket, what happened to it, and lets one act on it. */
export function TicketPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const ticket = useQuery({ queryKey: ['ticket', 'one', id], queryFn: ({ signal }) => read(id, signal) });
  useTitle(ticket.data ? plain(ticket.data.title) : id);
  return (
    <div className="page scrolls">
      <BackButton label={t('alert.back')} to="/queue" />
      {ticket.isPending ? (
        <Loading />
      ) : !ticket.data ? (
        <Failed error={ticket.error} again={() => void ticket.refetch()} />
      ) : (
        <OneTicket key={id} ticket={ticket.data} />
      )}
    </div>
  );
}

function OneTicket({ ticket: k }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const who = useWho();
  const client = useQueryClient();
  const [asking, ask] = useState(false);
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  /** What others did since, where the server refused a change for it. */
  const [since, setSince] = useState<TicketEntry[]>();
  const params = { path: { id: k.id } };
  const again = () =>
    client.invalidateQueries({ predicate: (q) => ['ticket', 'group'].includes(String(q.queryKey[0])) });

  // A conflict reads the ticket again and tells what came between; what was typed stays.
  const order = async (call: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await call();
      setSince(undefined);
      await again();
    } catch (e) {
      if (e instanceof Problem && e.status === 409) {
        const fresh = await read(k.id).catch(() => undefined);
        if (fresh) client.setQueryData(['ticket', 'one', k.id], fresh);
        setSince((fresh?.timeline ?? []).filter((entry) => entry.version > k.version));
      }
      throw e;
    } finally {
      setBusy(false);
    }
  };
  const act = (call: () => Promise<unknown>) =>
    order(call).catch((e: unknown) => {
      notifications.show({ color: 'red', message: e instanceof Error ? e.message : String(e) });
    });

  const resolved = k.status === 'resolved';
  const merged = !!k.merged_into;
  const mayChange = who.may('tickets:change') && !merged;
  const mayConclude = who.may('tickets:conclude') && !merged;
  useKeys({ c: () => mayConclude && !resolved && ask(true) });
  const alerts = k.alerts ?? [];
  const changed = since && (
    <div role="alert">
      <Section title={t('ticket.since')} count={since.length}>
        {since.length > 0 ? <Timeline entries={since} /> : t('ticket.sinceOther')}
      </Section>
    </div>
  );
  return (
    <>
      <header>
        <div className={classes.heading}>
          {k.severity && <Severity value={k.severity} />}
          <span className="standing">{statusText(t, k.status)}</span>
          <span>
            {k.id} <CopyButton value={k.id} />
          </span>
          <span className="quiet">
            {t('ticket.owner')}:{' '}
            {k.assignee ? <Hostile text={k.assignee} limit={64} more={false} /> : t('ticket.nobody')}
          </span>
          <span className="quiet">
            {t('queue.alertsOf', { count: k.alert_count, shown: k.alert_count.toLocaleString() })}
          </span>
          <span className="quiet">
            <Ago at={k.updated_at} />
          </span>
        </div>
        <h1 className={classes.name}>
          <Hostile text={k.title} limit={300} />
        </h1>
        {merged && (
          <p className="notice">
            {t('ticket.mergedInto')}{' '}
            <Link to="/tickets/$id" params={{ id: k.merged_into ?? '' }} className="link">
              {k.merged_into}
            </Link>
          </p>
        )}
        <Group gap="xs">
          {mayConclude && !resolved && (
            <Button size="compact-sm" onClick={() => ask(true)}>
              {t('conclude.title')}
            </Button>
          )}
          {mayChange && !resolved && k.assignee !== who.name && (
            <Button
              size="compact-sm"
              variant="default"
              loading={busy}
              onClick={() =>
                act(() => must(api.POST('/api/v1/tickets/{id}/take', { params, body: { version: k.version } })))
              }
            >
              {t('ticket.take')}
            </Button>
          )}
          {mayConclude && resolved && (
            <Button
              size="compact-sm"
              variant="default"
              loading={busy}
              onClick={() =>
                act(() => must(api.POST('/api/v1/tickets/{id}/reopen', { params, body: { version: k.version } })))
              }
            >
              {t('ticket.reopen')}
            </Button>
          )}
        </Group>
      </header>
      {!asking && changed}
      {k.conclusion && (
        <Section title={t('conclude.conclusion')}>
          <strong>{conclusionText(t, k.conclusion.conclusion)}</strong>
          {' · '}
          <Hostile text={k.conclusion.by} limit={100} more={false} />
          {' · '}
          <Ago at={k.conclusion.at} />
          <div className={classes.words}>
            <Hostile text={k.conclusion.reason} />
          </div>
        </Section>
      )}
      {mayChange && (
        <Section title={t('ticket.comment')}>
          <Textarea
            aria-label={t('ticket.comment')}
            autosize
            minRows={2}
            maxLength={10_000}
            value={text}
            onChange={(e) => setText(e.currentTarget.value)}
          />
          <Group justify="flex-end" mt="xs">
            <Button
              size="compact-sm"
              variant="default"
              disabled={text.trim() === ''}
              loading={busy}
              onClick={() =>
                act(async () => {
                  await must(api.POST('/api/v1/tickets/{id}/comment', { params, body: { text } }));
                  setText('');
                })
              }
            >
              {t('ticket.send')}
            </Button>
          </Group>
        </Section>
      )}
      <Section title={t('ticket.timeline')}>
        <Timeline entries={k.timeline ?? []} />
      </Section>
      <Section title={t('group.alerts')} count={k.alert_count}>
        {alerts.length === 0 ? <p className="quiet">{t('ticket.noAlerts')}</p> : <Members list={alerts} />}
        {k.alert_count > alerts.length && <p className="quiet">{t('group.firstOnly', { n: alerts.length })}</p>}
      </Section>
      {asking && (
        <Suspense>
          <Conclude
            about={
              <>
                <Hostile text={k.title} limit={240} more={false} />
                {changed}
              </>
            }
            owner={k.assignee || who.name}
            close={() => ask(false)}
            conclude={async (v) => {
              await order(() =>
                must(api.POST('/api/v1/tickets/{id}/conclude', { params, body: { ...v, version: k.version } })),
              );
              ask(false);
            }}
          />
        </Suspense>
      )}
    </>
  );
}

function Members({ list }: { list: NonNullable<TicketDetail['alerts']> }) {
  const { t } = useTranslation();
  return (
    <div className="tableBox">
      <table className="table">
        <thead>
          <tr>
            <th>{t('list.severity')}</th>
            <th>{t('list.title')}</th>
            <th>{t('list.source')}</th>
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
                  <Hostile text={a.title || a.id} limit={240} more={false} />
                </Link>
              </td>
              <td className="nowrap">{a.source}</td>
              <td>
                <Ago at={a.seen_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
