import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const usual = '90d';

/** Period says how far back a list looks, by the time of reception. */
export function Period({ value, onChange }: { value?: string; onChange: (from?: string) => void }) {
  const { t } = useTranslation();
  const data = [
    { value: '24h', label: t('query.d1') },
    { value: '7d', label: t('query.d7') },
    { value: '30d', label: t('query.d30') },
    { value: usual, label: t('query.d90') },
  ];
  // An address may hold any period that the API takes.
  if (value && !data.some((d) => d.value === value)) data.push({ value, label: value });
  return (
    <Select
      aria-label={t('query.period')}
      w={160}
      allowDeselect={false}
      data={data}
      value={value ?? usual}
      onChange={(v) => onChange(!v || v === usual ? undefined : v)}
    />
  );
}
