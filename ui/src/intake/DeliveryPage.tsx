import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Raw } from '../alert/Raw';
import { api, must } from '../api/client';
import { Hostile } from '../hostile/Hostile';
import { Section } from '../show/Section';
import { Failed, Loading } from '../show/State';
import { When } from '../show/Time';
import { bytes } from '../show/time';
import classes from '../alert/alert.module.css';
import { DeliveryActions, DeliveryState } from './DeliveryActions';

const route = getRouteApi('/intake/deliveries/$id');

/** DeliveryPage shows one message as it was received, and what became of it. */
export function DeliveryPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const delivery = useQuery({
    queryKey: ['delivery', 'one', id],
    queryFn: ({ signal }) => must(api.GET('/api/v1/deliveries/{id}', { params: { path: { id } }, signal })),
  });
  if (delivery.isPending) return <Loading />;
  if (delivery.isError && !delivery.data)
    return <Failed error={delivery.error} again={() => void delivery.refetch()} />;
  const d = delivery.data;
  return (
    <div className="stack">
      <div className="toolbar">
        <h2 className="subtitle mono">{d.id}</h2>
        <DeliveryState state={d.state} />
        <div className="pushed">
          <DeliveryActions delivery={d} />
        </div>
      </div>
      {d.reason && (
        <Section title={t('delivery.reason')}>
          <Hostile text={d.reason} />
        </Section>
      )}
      <Section title={t('alert.facts')}>
        <dl className={classes.facts}>
          <dt>{t('delivery.source')}</dt>
          <dd>
            <Link to="/intake/sources/$id" params={{ id: d.source }} className="link">
              {d.source}
            </Link>
          </dd>
          <dt>{t('delivery.at')}</dt>
          <dd>
            <When at={d.received_at} />
          </dd>
          <dt>{t('delivery.size')}</dt>
          <dd>{bytes(d.size)}</dd>
          {(d.alert_ids?.length ?? 0) > 0 && (
            <>
              <dt>{t('delivery.made')}</dt>
              <dd>
                {d.alert_ids?.slice(0, 50).map((a) => (
                  <Link key={a} to="/alerts/$id" params={{ id: a }} className="tag mono">
                    {a}
                  </Link>
                ))}
              </dd>
            </>
          )}
        </dl>
      </Section>
      {Object.keys(d.headers).length > 0 && (
        <Section title={t('delivery.headers')}>
          <dl className={classes.facts}>
            {Object.entries(d.headers).map(([k, v]) => (
              <div key={k} style={{ display: 'contents' }}>
                <dt>
                  <Hostile text={k} limit={80} />
                </dt>
                <dd className={classes.value}>
                  <Hostile text={v} limit={300} />
                </dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      <Section title={t('alert.raw')}>
        <Raw path={`/api/v1/deliveries/${d.id}/raw`} name={`${d.id}.txt`} />
      </Section>
    </div>
  );
}
