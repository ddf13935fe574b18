import { Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { AlertLink } from '../alert/AlertLink';
import { defang } from '../hostile/defang';
import { Hostile } from '../hostile/Hostile';
import { Cell } from '../list/Lines';
import { Severity } from '../show/Severity';
import { Ago } from '../show/Time';
import type { QueueLine } from './groups';
import classes from './queue.module.css';

/** QueueCells are one line of the queue: it must be judged without opening it. */
export function QueueCells({ line: l }: { line: QueueLine }) {
  const { t } = useTranslation();
  const title = <Hostile text={l.title || l.id} limit={240} more={false} />;
  const why =
    l.why || l.reasons?.map((r) => r.text).join(' · ') || (l.alert && l.alert.rule !== l.title ? l.alert.rule : '');
  const times = l.sightings ?? l.count ?? 1;
  return (
    <>
      <Cell className={classes.severity}>
        <Severity value={l.severity ?? 'info'} />
      </Cell>
      <Cell className={classes.what}>
        <div className={classes.title}>
          {l.alert ? (
            <AlertLink id={l.id}>{title}</AlertLink>
          ) : (
            <Link to="/groups/$id" params={{ id: l.id }} className="lineLink" tabIndex={-1}>
              {title}
            </Link>
          )}
          {l.new && <span className="mark">{t('list.new')}</span>}
          {l.ticket && <span className="tag">{l.ticket}</span>}
        </div>
        <div className={classes.why}>
          <Hostile text={why} limit={240} more={false} />
          {l.alert && subjects(l) && (
            <>
              {why && ' · '}
              <Hostile text={subjects(l)} limit={160} more={false} />
            </>
          )}
        </div>
      </Cell>
      <Cell className={classes.differs}>
        {l.alert ? (
          l.alert.source
        ) : l.differs ? (
          <Hostile text={l.differs} limit={160} more={false} />
        ) : (
          <span className={classes.dim}>–</span>
        )}
        {!l.alert && (l.sources?.length ?? 0) > 0 && <div className={classes.why}>{l.sources?.join(', ')}</div>}
      </Cell>
      <Cell className={classes.past}>
        {l.past?.conclusion && (
          <Tooltip
            label={<Hostile text={l.past.reason || l.past.ticket || ''} limit={300} more={false} />}
            disabled={!l.past.reason && !l.past.ticket}
          >
            <span>
              {t(`conclusion.${l.past.conclusion.replaceAll(' ', '_') as 'intended'}`, {
                defaultValue: l.past.conclusion,
              })}
              {l.past.like === 'the same rule' && <div className={classes.why}>{t('queue.sameRule')}</div>}
            </span>
          </Tooltip>
        )}
      </Cell>
      <Cell className={classes.count}>
        {times > 1 ? `×${times.toLocaleString()}` : ''}
        {!l.alert && (l.count ?? 0) > 1 && (
          <div className={classes.why}>{t('queue.alertsOf', { count: l.count, shown: l.count?.toLocaleString() })}</div>
        )}
      </Cell>
      <Cell className={classes.time}>
        <Ago at={l.last} />
      </Cell>
    </>
  );
}

/** subjects are the first public or telling values of an alert, defanged. */
function subjects(l: QueueLine): string {
  const telling = (l.alert?.observables ?? []).filter((o) =>
    ['ip', 'user', 'host', 'domain', 'process', 'account'].includes(o.type),
  );
  return telling
    .slice(0, 3)
    .map((o) => defang(o.value, o.type))
    .join(', ');
}
