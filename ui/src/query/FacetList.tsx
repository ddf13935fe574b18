import { Skeleton, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Facets } from '../api/client';
import { plain } from '../hostile/hostile';
import { Severity, severities } from '../show/Severity';
import classes from './query.module.css';
import { toggle, values } from './query';

const order = ['severity', 'source', 'rule', 'disposition'] as const;
const few = 6;

/** FacetList counts what matches by field; a click narrows the search or widens it again. */
export function FacetList({
  facets,
  query,
  onSearch,
  lines,
}: {
  facets?: Facets;
  query: string;
  onSearch: (q: string) => void;
  lines?: boolean;
}) {
  const { t } = useTranslation();
  if (!facets) return <FacetsComing />;
  return (
    <nav className={classes.facets} aria-label={t('query.facets')}>
      {order.map((field) => (
        <FacetField key={field} field={field} counts={facets[field] ?? {}} query={query} onSearch={onSearch} />
      ))}
      {lines && <p className={classes.note}>{t('query.alerts')}</p>}
      {facets.capped && <p className={classes.note}>{t('query.capped')}</p>}
    </nav>
  );
}

function FacetsComing() {
  return (
    <div className={classes.facets}>
      {[1, 2, 3, 4, 5, 6].map((n) => (
        <Skeleton key={n} height={16} mt={12} />
      ))}
    </div>
  );
}

type Name = (typeof order)[number];

function FacetField({
  field,
  counts,
  query,
  onSearch,
}: {
  field: Name;
  counts: Record<string, number>;
  query: string;
  onSearch: (q: string) => void;
}) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const chosen = values(query, field);
  const names = [...new Set([...chosen, ...Object.keys(counts)])].sort((a, b) =>
    field === 'severity'
      ? severities.indexOf(a as 'info') - severities.indexOf(b as 'info')
      : (counts[b] ?? 0) - (counts[a] ?? 0) || a.localeCompare(b),
  );
  if (names.length === 0) return null;
  const shown = all ? names : names.slice(0, few);
  return (
    <section>
      <h2 className={classes.facetTitle}>{t(`query.${field}`)}</h2>
      {shown.map((name) => (
        <UnstyledButton
          key={name}
          className={classes.facet}
          aria-pressed={chosen.includes(name)}
          onClick={() => onSearch(toggle(query, field, name))}
          title={plain(name)}
        >
          <span className={classes.facetName}>
            {field === 'severity' ? (
              <Severity value={name} />
            ) : field === 'disposition' ? (
              t(`disposition.${name as 'active'}`)
            ) : (
              plain(name)
            )}
          </span>
          <span className={classes.count}>{(counts[name] ?? 0).toLocaleString()}</span>
        </UnstyledButton>
      ))}
      {names.length > few && (
        <UnstyledButton className={classes.more} onClick={() => setAll(!all)}>
          {all ? t('query.fewer') : t('query.more', { n: names.length - few })}
        </UnstyledButton>
      )}
    </section>
  );
}
