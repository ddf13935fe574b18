import { Button, Select } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Alert } from '../api/client';
import { Hostile } from '../hostile/Hostile';
import { Cell, Lines } from '../list/Lines';
import { useSelection } from '../list/selection';
import { FacetList } from '../query/FacetList';
import { Period } from '../query/Period';
import { QueryBox } from '../query/QueryBox';
import { Severity } from '../show/Severity';
import { Empty, Failed, Loading } from '../show/State';
import { Ago } from '../show/Time';
import { exact } from '../show/time';
import { useTitle } from '../show/title';
import classes from './alert.module.css';
import { AlertLink } from './AlertLink';
import { useAlerts, useFacets, wasRenewed, type Search } from './alerts';
import { ExportMenu, SelectionBar } from './Tools';

const route = getRouteApi('/alerts');

/** AlertsPage lists every alert: also those that policies keep out of the queue. */
export function AlertsPage() {
  const { t, i18n } = useTranslation();
  useTitle(t('alerts.title'));
  const search: Search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Search) => void navigate({ search: (s: Search) => ({ ...s, ...part }) });
  const list = useAlerts(search);
  const facets = useFacets(search);
  const subject = JSON.stringify(search);
  const chosen = useSelection(subject);
  const alerts = list.data?.pages.flatMap((p) => p.items ?? []) ?? [];
  const stopped = list.data?.pages.at(-1)?.stopped;
  const total = facets.data?.total ?? alerts.length;
  return (
    <div className="page">
      <header className="pageHead">
        <h1>{t('alerts.title')}</h1>
        {facets.data && (
          <span className="total">
            {t('query.total', { count: total, shown: total.toLocaleString() + (facets.data.capped ? '+' : '') })}
          </span>
        )}
      </header>
      <div className="toolbar">
        <QueryBox value={search.q ?? ''} onSearch={(q) => change({ q: q || undefined })} facets={facets.data} />
        <Period value={search.from} onChange={(from) => change({ from })} />
        <Select
          aria-label={t('list.sort')}
          w={190}
          allowDeselect={false}
          value={search.sort ?? '-received_at'}
          data={[
            { value: '-received_at', label: t('list.newest') },
            { value: 'received_at', label: t('list.oldest') },
            { value: '-severity', label: t('list.worst') },
          ]}
          onChange={(v) => change({ sort: v === '-received_at' ? undefined : (v ?? undefined) })}
        />
        <ExportMenu search={search} selection={chosen.selection} />
      </div>
      <SelectionBar
        selection={chosen.selection}
        total={total}
        capped={facets.data?.capped}
        loaded={alerts.map((a) => a.id)}
        onAll={chosen.all}
        onClear={chosen.clear}
      />
      <div className="columns">
        <FacetList facets={facets.data} query={search.q ?? ''} onSearch={(q) => change({ q: q || undefined })} />
        {list.isPending ? (
          <div className="panel">
            <Loading />
          </div>
        ) : list.isError && alerts.length === 0 ? (
          <div className="panel">
            <Failed error={list.error} again={() => void list.refetch()} />
          </div>
        ) : alerts.length === 0 && !list.hasNextPage ? (
          <div className="panel">
            <Empty
              icon="alerts"
              title={t('alerts.empty')}
              actions={
                search.q && (
                  <Button variant="default" size="xs" onClick={() => change({ q: undefined })}>
                    {t('alerts.clear')}
                  </Button>
                )
              }
            >
              {t('alerts.emptyText')}
            </Empty>
          </div>
        ) : (
          <Lines<Alert>
            key={subject}
            name={'alerts' + subject}
            label={t('alerts.title')}
            lines={alerts}
            height={44}
            head={
              <>
                <Cell head className={classes.severity}>
                  {t('list.severity')}
                </Cell>
                <Cell head className={classes.title}>
                  {t('list.title')}
                </Cell>
                <Cell head className={classes.source}>
                  {t('list.source')}
                </Cell>
                <Cell head className={classes.standing}>
                  {t('list.disposition')}
                </Cell>
                <Cell head className={classes.count}>
                  {t('list.count')}
                </Cell>
                <Cell head className={classes.time}>
                  {t('list.received')}
                </Cell>
              </>
            }
            line={(a) => <AlertCells alert={a} />}
            open={(a) => void navigate({ to: '/alerts/$id', params: { id: a.id } })}
            selection={chosen.selection}
            onFlip={chosen.flip}
            onAll={chosen.all}
            onClear={chosen.clear}
            more={!!list.hasNextPage}
            loadingMore={list.isFetchingNextPage}
            loadMore={() => void list.fetchNextPage()}
            stopped={stopped ? exact(stopped, i18n.language) : undefined}
          />
        )}
      </div>
    </div>
  );
}

function AlertCells({ alert: a }: { alert: Alert }) {
  const { t } = useTranslation();
  return (
    <>
      <Cell className={classes.severity}>
        <Severity value={a.severity} />
      </Cell>
      <Cell className={classes.title}>
        <AlertLink id={a.id}>
          <Hostile text={a.title} limit={240} more={false} />
        </AlertLink>
        {wasRenewed(a) && <span className="mark">{t('list.new')}</span>}
      </Cell>
      <Cell className={classes.source}>{a.source}</Cell>
      <Cell className={classes.standing}>
        <span className="standing" data-standing={a.disposition}>
          {t(`disposition.${a.disposition}`)}
        </span>
      </Cell>
      <Cell className={classes.count}>{a.sightings.count > 1 ? `×${a.sightings.count.toLocaleString()}` : ''}</Cell>
      <Cell className={classes.time}>
        <Ago at={a.received_at} />
      </Cell>
    </>
  );
}
