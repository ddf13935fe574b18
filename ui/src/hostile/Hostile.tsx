import { Anchor, Tooltip } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cut, pieces } from './hostile';
import classes from './Hostile.module.css';

/** How much of a text is shown at once; a browser lays out a line of a megabyte for seconds. */
const defaultLimit = 2000;

/** Hostile shows a text of an alert: as text, isolated from its surroundings, with
 * hidden characters made visible, long ones cut. */
export function Hostile({ text, limit = defaultLimit, more = true }: { text: string; limit?: number; more?: boolean }) {
  const { t } = useTranslation();
  const [allowed, allow] = useState(limit);
  const { shown, rest } = useMemo(() => {
    const c = cut(text, allowed);
    return { shown: pieces(c.text), rest: c.rest };
  }, [text, allowed]);
  return (
    <bdi className={classes.text}>
      {shown.map((p, i) =>
        p.hidden ? (
          <Tooltip key={i} label={t('hostile.hidden', { code: p.text })}>
            <span className={classes.hidden}>{p.text}</span>
          </Tooltip>
        ) : (
          p.text
        ),
      )}
      {rest > 0 && '…'}
      {rest > 0 && more && (
        <Anchor component="button" type="button" size="sm" ml={6} onClick={() => allow(allowed * 5)}>
          {t('hostile.more', { n: rest.toLocaleString() })}
        </Anchor>
      )}
    </bdi>
  );
}
