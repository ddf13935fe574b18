import { useTranslation } from 'react-i18next';
import classes from './Severity.module.css';

export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type SeverityName = (typeof severities)[number];

/** Severity is told by word and by how full its bar is; colour only helps. */
export function Severity({ value, quiet }: { value: string; quiet?: boolean }) {
  const { t } = useTranslation();
  const known = severities.find((s) => s === value) ?? 'info';
  const level = severities.length - severities.indexOf(known);
  return (
    <span className={classes.severity} data-severity={known}>
      <span className={classes.bars} aria-hidden>
        {[1, 2, 3, 4, 5].map((n) => (
          <i key={n} data-on={n <= level || undefined} />
        ))}
      </span>
      {!quiet && <span>{t(`severity.${known}`)}</span>}
      {quiet && <span className={classes.spoken}>{t(`severity.${known}`)}</span>}
    </span>
  );
}
