import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { exact, span, useNow } from './time';

/** Ago tells how long ago something was; the exact time is under the pointer. */
export function Ago({ at }: { at?: string | null }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  if (!at || at.startsWith('0001-')) return <span>–</span>;
  const ms = now - new Date(at).getTime();
  const { n, unit } = span(ms);
  const text = t(`time.${unit}`, { n });
  const words =
    Math.abs(ms) < 45_000 ? t('time.now') : ms < 0 ? t('time.future', { span: text }) : t('time.ago', { span: text });
  return (
    <Tooltip label={exact(at, i18n.language)}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
        {words}
      </time>
    </Tooltip>
  );
}

/** When tells the exact time, and how long ago that was. */
export function When({ at }: { at: string }) {
  const { i18n } = useTranslation();
  return (
    <span>
      <time dateTime={at}>{exact(at, i18n.language)}</time>
      <br />
      <span style={{ color: 'var(--mantine-color-dimmed)' }}>
        <Ago at={at} />
      </span>
    </span>
  );
}
