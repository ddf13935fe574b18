import { Anchor, Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFacets, type Search } from '../alert/alerts';
import { ExportMenu, SelectionBar } from '../alert/Tools';
import { Lines, Cell } from '../list/Lines';
import { has, useSelection } from '../list/selection';
import { FacetList } from '../query/FacetList';
import { QueryBox } from '../query/QueryBox';
import { useWho } from '../session/who';
import { Empty, Failed, Loading } from '../show/State';
import { useTitle } from '../show/title';
import type { Subject } from '../ticket/tickets';
import { queueSearch, useQueue, type QueueLine } from './groups';
import { QueueCells } from './QueueCells';
import classes from './queue.module.css';

const route = getRouteApi('/queue');
const ConcludeLines = lazy(() => import('../ticket/ConcludeLines').then((m) => ({ default: m.ConcludeLines })));

/** QueuePage is where a morning begins: what needs a look, and why. */
export function QueuePage() {
  const { t } = useTranslation();
  const search: Search = route.useSearch();
  const navigate = route.useNavigate();
  const find = (q: string) => void navigate({ search: { q: q || undefined } });
  const queue = useQueue(search);
  const facets = useFacets(queueSearch(search));
  const subject = search.q ?? '';
  const chosen = useSelection(subject);
  const lines = queue.data?.pages.flatMap((p) => p.items) ?? [];
  const who = useWho();
  const [concluding, conclude] = useState<Subject[]>([]);
  const alone = queue.data?.pages[0]?.alone ?? false;
  useTitle(t('queue.title'));
  // Facets count alerts; lines are counted by the queue itself.
  const total = Math.max(alone ? (facets.data?.total ?? 0) : (queue.data?.pages[0]?.total ?? 0), lines.length);
  const unsure = alone ? facets.data?.capped : queue.hasNextPage && !queue.data?.pages[0]?.total;
  const open = (l: QueueLine) =>
    void (l.alert
      ? navigate({ to: '/alerts/$id', params: { id: l.id } })
      : navigate({ to: '/groups/$id', params: { id: l.id } }));
  const mayConclude = who.may('tickets:change') && who.may('tickets:conclude');
  // Only lines that were loaded are concluded: nobody judges what nobody could see.
  const askFor = (list: QueueLine[]) =>
    conclude(list.map((l) => ({ id: l.id, title: l.title ?? l.id, alerts: l.alert ? [l.id] : undefined })));
  const selected = lines.filter((l) => has(chosen.selection, l.id));
  return (
    <div className="page">
      <header className="pageHead">
        <h1>{t('queue.title')}</h1>
        <span className="total">
          {queue.data ? t('query.total', { count: total, shown: total.toLocaleString() + (unsure ? '+' : '') }) : ''}
        </span>
      </header>
      <div className="toolbar">
        <QueryBox value={subject} onSearch={find} facets={facets.data} />
        <ExportMenu search={queueSearch(search)} selection={alone ? chosen.selection : undefined} />
      </div>
      {alone && lines.length > 0 && <p className="notice">{t('queue.fallback')}</p>}
      <SelectionBar
        selection={chosen.selection}
        total={total}
        capped={unsure}
        loaded={lines.map((l) => l.id)}
        onAll={chosen.all}
        onClear={chosen.clear}
        onConclude={mayConclude && selected.length > 0 ? () => askFor(selected) : undefined}
      />
      <div className="columns">
        <FacetList facets={facets.data} query={subject} onSearch={find} lines={!alone} />
        {queue.isPending ? (
          <div className="panel">
            <Loading />
          </div>
        ) : queue.isError && lines.length === 0 ? (
          <div className="panel">
            <Failed error={queue.error} again={() => void queue.refetch()} />
          </div>
        ) : lines.length === 0 && !queue.hasNextPage ? (
          <div className="panel">
            <Nothing searched={subject !== ''} find={find} />
          </div>
        ) : (
          <Lines<QueueLine>
            key={subject}
            name={'queue' + subject}
            label={t('queue.title')}
            lines={lines}
            height={60}
            head={
              <>
                <Cell head className={classes.severity}>
                  {t('list.severity')}
                </Cell>
                <Cell head className={classes.what}>
                  {t('list.title')}
                </Cell>
                <Cell head className={classes.differs}>
                  {alone ? t('list.source') : t('queue.differs')}
                </Cell>
                <Cell head className={classes.past}>
                  {alone ? '' : t('queue.past')}
                </Cell>
                <Cell head className={classes.count}>
                  {t('list.count')}
                </Cell>
                <Cell head className={classes.time}>
                  {t('list.seen')}
                </Cell>
              </>
            }
            line={(l) => <QueueCells line={l} />}
            open={open}
            selection={chosen.selection}
            onFlip={chosen.flip}
            onAll={chosen.all}
            onClear={chosen.clear}
            onConclude={mayConclude ? (l) => askFor(selected.length > 0 ? selected : [l]) : undefined}
            more={!!queue.hasNextPage}
            loadingMore={queue.isFetchingNextPage}
            loadMore={() => void queue.fetchNextPage()}
          />
        )}
      </div>
      {concluding.length > 0 && (
        <Suspense>
          <ConcludeLines
            subjects={concluding}
            close={() => conclude([])}
            done={(ids) => {
              chosen.clear();
              conclude(concluding.filter((s) => !ids.includes(s.id)));
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

function Nothing({ searched, find }: { searched: boolean; find: (q: string) => void }) {
  const { t } = useTranslation();
  if (searched) {
    return (
      <Empty
        icon="search"
        title={t('queue.noMatch')}
        actions={
          <Button variant="default" size="xs" onClick={() => find('')}>
            {t('query.clear')}
          </Button>
        }
      >
        {t('queue.noMatchText')}
      </Empty>
    );
  }
  return (
    <Empty
      title={t('queue.empty')}
      actions={
        <>
          <Anchor component={Link} to="/alerts" size="sm">
            {t('queue.toAlerts')}
          </Anchor>
          <Anchor component={Link} to="/intake" size="sm">
            {t('queue.toIntake')}
          </Anchor>
        </>
      }
    >
      {t('queue.emptyText')}
    </Empty>
  );
}
