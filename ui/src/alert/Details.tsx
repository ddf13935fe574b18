import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertDetail, Observable } from '../api/client';
import { defang } from '../hostile/defang';
import { Hostile } from '../hostile/Hostile';
import { webLink } from '../hostile/hostile';
import { term } from '../query/query';
import { CopyButton } from '../show/Copy';
import { Icon } from '../show/Icon';
import { Severity } from '../show/Severity';
import { Ago, When } from '../show/Time';
import classes from './alert.module.css';

export function Observables({ list }: { list: Observable[] }) {
  const { t } = useTranslation();
  if (list.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('alert.noObservables')}
      </Text>
    );
  return (
    <div className="tableBox">
      <table className="table">
        <thead>
          <tr>
            <th>{t('alert.type')}</th>
            <th>{t('alert.value')}</th>
            <th>{t('alert.role')}</th>
            <th>{t('alert.scope')}</th>
            <th>
              <span className="spoken">{t('copy.copy')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((o, i) => (
            <tr key={i}>
              <td>{o.type}</td>
              <td className={classes.value}>
                <Hostile text={defang(o.value, o.type)} limit={300} />
              </td>
              <td>{o.role}</td>
              <td>{o.scope}</td>
              <td>
                <div className={classes.actions}>
                  <Link
                    to="/alerts"
                    search={{ q: term(o.value, 'observable') }}
                    className="iconLink"
                    aria-label={`${t('alert.appears')}: ${o.value.slice(0, 80)}`}
                    title={t('alert.appears')}
                  >
                    <Icon name="search" size={14} />
                  </Link>
                  <CopyButton value={o.value} type={o.type} />
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Attributes({ list }: { list: NonNullable<AlertDetail['attributes']> }) {
  const { t } = useTranslation();
  if (list.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('alert.noAttributes')}
      </Text>
    );
  return (
    <dl className={classes.facts}>
      {list.map((a, i) => {
        const link = webLink(a.link);
        return (
          <Fact key={i} name={<Hostile text={a.key} limit={120} />}>
            <Hostile text={a.value} limit={800} />
            {link && (
              <Anchor href={link} target="_blank" rel="noopener noreferrer" ml={6} aria-label={link}>
                <Icon name="link" size={13} />
              </Anchor>
            )}
          </Fact>
        );
      })}
    </dl>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Facts are an alert's fields that have a value. */
export function Facts({ alert: a }: { alert: AlertDetail }) {
  const { t } = useTranslation();
  return (
    <dl className={classes.facts}>
      <Fact name={t('alert.source')}>
        <Link to="/intake/sources/$id" params={{ id: a.source }} className="link">
          {a.source}
        </Link>{' '}
        ({a.kind})
      </Fact>
      {a.rule && (
        <Fact name={t('alert.rule')}>
          <Hostile text={a.rule} limit={300} />
        </Fact>
      )}
      {a.product_severity && (
        <Fact name={t('alert.productSeverity')}>
          <Hostile text={a.product_severity} limit={80} />
        </Fact>
      )}
      {a.action && <Fact name={t('alert.action')}>{a.action}</Fact>}
      {a.condition && <Fact name={t('alert.condition')}>{a.condition}</Fact>}
      <Fact name={t('alert.seen')}>
        <When at={a.seen_at} />
      </Fact>
      <Fact name={t('alert.received')}>
        <When at={a.received_at} />
      </Fact>
      {(a.techniques?.length ?? 0) > 0 && (
        <Fact name={t('alert.techniques')}>
          {a.techniques?.map((id) => (
            <Technique key={id} id={id} />
          ))}
        </Fact>
      )}
      {(a.tags?.length ?? 0) > 0 && (
        <Fact name={t('alert.tags')}>
          {a.tags?.map((tag) => (
            <Link key={tag} to="/alerts" search={{ q: term(tag, 'tag') }} className="tag">
              <Hostile text={tag} limit={60} more={false} />
            </Link>
          ))}
        </Fact>
      )}
      {(a.marks?.length ?? 0) > 0 && <Fact name={t('alert.marks')}>{a.marks?.join(', ')}</Fact>}
      {a.assignee && (
        <Fact name={t('alert.assignee')}>
          <Hostile text={a.assignee} limit={120} />
        </Fact>
      )}
      {a.channel && (
        <Fact name={t('alert.channel')}>
          <Hostile text={a.channel} limit={120} />
        </Fact>
      )}
      <Fact name={t('alert.standing')}>
        {t(`disposition.${a.disposition}`)}
        {a.disposition_by && a.disposition_by !== 'default' && (
          <>
            , {t('alert.by')} <Hostile text={a.disposition_by} limit={200} />
          </>
        )}
        {a.disposition_reason && (
          <div>
            <Hostile text={a.disposition_reason} limit={400} />
          </div>
        )}
      </Fact>
      {a.renewed_at && (
        <Fact name={t('alert.renewed')}>
          <When at={a.renewed_at} />
          <div>
            <Hostile text={a.renewed_why ?? ''} limit={300} />
          </div>
        </Fact>
      )}
      {a.event_id && (
        <Fact name={t('alert.event')}>
          <span className={classes.value}>
            <Hostile text={a.event_id} limit={160} />
          </span>
        </Fact>
      )}
      <Fact name={t('alert.delivery')}>
        <Link to="/intake/deliveries/$id" params={{ id: a.delivery }} className="link">
          {a.delivery}
        </Link>
      </Fact>
    </dl>
  );
}

function Technique({ id }: { id: string }) {
  const { t } = useTranslation();
  if (!/^T\d{4}(\.\d{3})?$/.test(id))
    return (
      <span className="tag">
        <Hostile text={id} limit={40} more={false} />
      </span>
    );
  return (
    <a
      className="tag"
      href={`https://attack.mitre.org/techniques/${id.replace('.', '/')}/`}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={t('alert.openTechnique', { id })}
    >
      {id}
    </a>
  );
}

export function Sightings({ alert: a }: { alert: AlertDetail }) {
  const { t } = useTranslation();
  const list = a.last_sightings ?? [];
  if (a.sightings.count <= 1)
    return (
      <Text size="sm" c="dimmed">
        {t('alert.noSightings')}
      </Text>
    );
  return (
    <>
      <dl className={classes.facts}>
        <Fact name={t('alert.first')}>
          <When at={a.sightings.first} />
        </Fact>
        <Fact name={t('alert.last')}>
          <When at={a.sightings.last} />
        </Fact>
      </dl>
      <Text size="xs" c="dimmed" my="xs">
        {t('alert.seenTimes', { n: a.sightings.count.toLocaleString(), shown: list.length })}
      </Text>
      <ul className="sightings">
        {list.map((s, i) => (
          <li key={i}>
            <Severity value={s.severity} quiet />
            <Ago at={s.seen_at} />
            <Link to="/intake/deliveries/$id" params={{ id: s.delivery }} className="link">
              {s.delivery}
            </Link>
            {(s.observables?.length ?? 0) > 0 && (
              <div className="sightingNew">
                <Hostile
                  text={t('alert.new', { what: s.observables?.map((o) => defang(o.value, o.type)).join(', ') })}
                  limit={160}
                />
              </div>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
