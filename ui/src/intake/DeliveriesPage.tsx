import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';
import { Button, SegmentedControl, Select } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client';
import { Hostile } from '../hostile/Hostile';
import { Empty, Failed, Loading } from '../show/State';
import { Ago } from '../show/Time';
import { bytes } from '../show/time';
import { DeliveryActions, DeliveryState } from './DeliveryActions';
import { useSources } from './sources';

const route = getRouteApi('/intake/deliveries');

export interface DeliverySearch {
  state?: string;
  source?: string;
}

/** DeliveriesPage lists what was received, and above all what failed and why. */
export function DeliveriesPage() {
  const { t } = useTranslation();
  const { state, source }: DeliverySearch = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const sources = useSources();
  const list = useInfiniteQuery({
    queryKey: ['delivery', 'list', state, source],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      must(
        api.GET('/api/v1/deliveries', {
          params: { query: { state, source, limit: 50, cursor: pageParam || undefined } },
          signal,
        }),
      ),
    getNextPageParam: (p) => p.next || undefined,
  });
  const rows = list.data?.pages.flatMap((p) => p.items ?? []) ?? [];
  const replayAll = async () => {
    try {
      const { replayed: n } = await must(api.POST('/api/v1/deliveries/replay', { body: { state: 'failed', source } }));
      notifications.show({ message: t('delivery.replayedMany', { count: n, shown: n.toLocaleString() }) });
      await client.invalidateQueries({ queryKey: ['delivery'] });
    } catch (e) {
      notifications.show({ color: 'red', message: e instanceof Error ? e.message : String(e) });
    }
  };
  const all = 'all';
  return (
    <>
      <div className="toolbar">
        <SegmentedControl
          aria-label={t('delivery.state')}
          value={state ?? all}
          onChange={(v) =>
            void navigate({ search: (s: DeliverySearch) => ({ ...s, state: v === all ? undefined : v }) })
          }
          data={[
            { value: all, label: t('delivery.all') },
            { value: 'failed', label: t('delivery.failed') },
            { value: 'received', label: t('delivery.received') },
            { value: 'processed', label: t('delivery.processed') },
            { value: 'discarded', label: t('delivery.discarded') },
          ]}
        />
        <Select
          aria-label={t('delivery.source')}
          placeholder={t('delivery.anySource')}
          clearable
          searchable
          w={220}
          data={(sources.data?.items ?? []).map((s) => s.id)}
          value={source ?? null}
          onChange={(v) => void navigate({ search: (s: DeliverySearch) => ({ ...s, source: v ?? undefined }) })}
        />
        {state === 'failed' && rows.length > 0 && (
          <Button variant="default" onClick={replayAll}>
            {t('delivery.replayAll')}
          </Button>
        )}
      </div>
      {list.isPending ? (
        <Loading />
      ) : list.isError && rows.length === 0 ? (
        <Failed error={list.error} again={() => void list.refetch()} />
      ) : rows.length === 0 ? (
        <div className="panel">
          <Empty icon={state === 'failed' ? 'check' : 'intake'} title={t('delivery.empty')}>
            {state === 'failed' ? t('delivery.failedNone') : t('delivery.emptyText')}
          </Empty>
        </div>
      ) : (
        <div className="panel tableBox">
          <table className="table roomy">
            <thead>
              <tr>
                <th>{t('intake.id')}</th>
                <th>{t('delivery.state')}</th>
                <th>{t('delivery.source')}</th>
                <th>{t('delivery.reason')}</th>
                <th className="num">{t('delivery.alerts')}</th>
                <th className="num">{t('delivery.size')}</th>
                <th>{t('delivery.at')}</th>
                <th>
                  <span className="spoken">{t('delivery.replay')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((d) => (
                <tr key={d.id}>
                  <td className="mono">
                    <Link to="/intake/deliveries/$id" params={{ id: d.id }} className="link">
                      {d.id}
                    </Link>
                  </td>
                  <td>
                    <DeliveryState state={d.state} />
                  </td>
                  <td>{d.source}</td>
                  <td className="wide">
                    <Hostile text={d.reason} limit={200} />
                  </td>
                  <td className="num">{d.alerts}</td>
                  <td className="num nowrap">{bytes(d.size)}</td>
                  <td>
                    <Ago at={d.received_at} />
                  </td>
                  <td>
                    <DeliveryActions delivery={d} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {list.hasNextPage && (
            <div className="tableMore">
              <Button
                variant="default"
                size="xs"
                loading={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {t('delivery.more')}
              </Button>
            </div>
          )}
        </div>
      )}
    </>
  );
}
