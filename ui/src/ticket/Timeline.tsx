import { Link } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Hostile } from '../hostile/Hostile';
import { Ago } from '../show/Time';
import { conclusionText, type TicketEntry } from './tickets';
import classes from './ticket.module.css';

/** Timeline tells what happened to a ticket, newest first. */
export function Timeline({ entries }: { entries: TicketEntry[] }) {
  const { t } = useTranslation();
  return (
    <ol className={classes.timeline}>
      {entries.map((e) => (
        <li key={e.number}>
          <div className={classes.entryHead}>
            <strong>{t(`ticket.kind.${e.kind}`)}</strong>
            <span>
              <Hostile text={e.by} limit={100} more={false} />
            </span>
            <span className="quiet">{e.door}</span>
            <span className="quiet">
              <Ago at={e.at} />
            </span>
            {e.other && (
              <Link to="/tickets/$id" params={{ id: e.other }} className="link">
                {e.other}
              </Link>
            )}
            {(e.undoes ?? 0) > 0 && <span className="quiet">{t('ticket.undoes', { n: e.undoes })}</span>}
          </div>
          {e.text && (
            <div className={classes.words}>
              <Hostile text={e.text} />
            </div>
          )}
          <Changes entry={e} />
          <Ids label={t('ticket.bound')} ids={e.bound ?? []} count={e.bound_count ?? 0} />
          <Ids label={t('ticket.unbound')} ids={e.unbound ?? []} count={e.unbound_count ?? 0} />
        </li>
      ))}
    </ol>
  );
}

const fields = [
  'title',
  'status',
  'assignee',
  'severity',
  'conclusion',
  'hand_over',
  'tags',
  'fields',
  'tasks',
  'links',
  'merged_into',
] as const;

/** Changes are the fields of an entry, before → after. */
export function Changes({ entry: e }: { entry: TicketEntry }) {
  const { t } = useTranslation();
  const changed = fields.filter((f) => e.before[f] !== undefined || e.after[f] !== undefined);
  if (changed.length === 0) return null;
  return (
    <ul className={classes.changes}>
      {changed.map((f) => (
        <li key={f}>
          <span className="quiet">{t(`ticket.field.${f}`)}: </span>
          {e.kind !== 'created' && (
            <>
              <Hostile text={fieldText(t, f, e.before[f])} limit={300} /> →{' '}
            </>
          )}
          <Hostile text={fieldText(t, f, e.after[f])} limit={600} />
        </li>
      ))}
    </ul>
  );
}

/** fieldText words a field's value; nothing is a dash. */
export function fieldText(t: TFunction, field: (typeof fields)[number], value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  switch (field) {
    case 'status':
      return statusText(t, String(value));
    case 'severity':
      return t(`severity.${value as 'low'}`, { defaultValue: String(value) });
    case 'conclusion': {
      const v = value as { conclusion?: string; reason?: string };
      return v.conclusion ? [conclusionText(t, v.conclusion), v.reason].filter(Boolean).join(': ') : '–';
    }
    case 'hand_over': {
      const v = value as { to?: string; link?: string };
      return [v.to, v.link].filter(Boolean).join(' · ') || '–';
    }
  }
  if (Array.isArray(value)) return value.map(one).join(', ') || '–';
  if (typeof value === 'object')
    return (
      Object.entries(value)
        .map(([k, v]) => `${k}: ${String(v)}`)
        .join(', ') || '–'
    );
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function one(v: unknown): string {
  if (typeof v === 'string') return v;
  const item = v as { text?: string; done?: boolean; title?: string; url?: string };
  if (item.text !== undefined) return `${item.done ? '☑' : '☐'} ${item.text}`;
  return [item.title, item.url].filter(Boolean).join(' ') || JSON.stringify(v);
}

/** statusText words how far the work is. */
export function statusText(t: TFunction, status: string): string {
  return t(`ticket.status.${status.replaceAll(' ', '_') as 'open'}`, { defaultValue: status });
}

/** How many ids an entry shows. */
const idsShown = 20;

function Ids({ label, ids, count }: { label: string; ids: string[]; count: number }) {
  const { t } = useTranslation();
  if (ids.length === 0) return null;
  const rest = Math.max(count, ids.length) - Math.min(ids.length, idsShown);
  return (
    <div className={classes.ids}>
      <span className="quiet">{label}: </span>
      {ids.slice(0, idsShown).map((id) => (
        <Link key={id} to="/alerts/$id" params={{ id }} className="link">
          {id}
        </Link>
      ))}
      {rest > 0 && <span className="quiet">{t('query.more', { n: rest.toLocaleString() })}</span>}
    </div>
  );
}
