import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import type { Alert } from '../api/client';
import { has, nothing, size, type Selection } from '../list/selection';
import { useCopy } from '../show/Copy';
import type { Search } from './alerts';

/** ExportMenu writes the alerts that match, or the selected ones of them, to a file. */
export function ExportMenu({ search, selection = nothing }: { search: Search; selection?: Selection }) {
  const { t } = useTranslation();
  const write = async (kind: 'csv' | 'ndjson') => {
    const id = notifications.show({ loading: true, autoClose: false, message: t('list.exporting', { n: 0 }) });
    const { csv, exportLimit, gather, ndjson, save } = await import('./export');
    const everything = size(selection, 1) === 0;
    try {
      const got = await gather(
        search,
        (a: Alert) => everything || has(selection, a.id),
        (n) => notifications.update({ id, loading: true, autoClose: false, message: t('list.exporting', { n }) }),
      );
      const file = `yagura-alerts-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${kind}`;
      save(
        file,
        kind === 'csv' ? 'text/csv' : 'application/x-ndjson',
        kind === 'csv' ? csv(got.alerts) : ndjson(got.alerts),
      );
      notifications.update({
        id,
        loading: false,
        autoClose: 6000,
        message:
          t('list.exported', { n: got.alerts.length, file }) +
          (got.cut ? ' ' + t('list.exportCut', { n: exportLimit.toLocaleString() }) : ''),
      });
    } catch (e) {
      notifications.update({
        id,
        loading: false,
        color: 'red',
        autoClose: 8000,
        message: e instanceof Error ? e.message : String(e),
      });
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="sm">
          {t('list.export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => write('csv')}>{t('list.csv')}</Menu.Item>
        <Menu.Item onClick={() => write('ndjson')}>{t('list.ndjson')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface BarProps {
  selection: Selection;
  total: number;
  capped?: boolean;
  loaded: string[];
  onAll: () => void;
  onClear: () => void;
  onConclude?: () => void;
}

/** SelectionBar tells how many lines are selected, and what can be done with them. */
export function SelectionBar({ selection, total, capped, loaded, onAll, onClear, onConclude }: BarProps) {
  const { t } = useTranslation();
  const copy = useCopy();
  const n = size(selection, total);
  if (!selection.all && n === 0) return null;
  const shown = n.toLocaleString() + (selection.all && capped ? '+' : '');
  return (
    <div className="selection" role="status">
      <strong>{t('list.selected', { count: n, shown })}</strong>
      {selection.all ? (
        <span>{t('list.allSelected')}</span>
      ) : (
        <Button size="compact-xs" variant="subtle" onClick={onAll}>
          {t('list.selectAll')}
        </Button>
      )}
      <Button
        size="compact-xs"
        variant="subtle"
        onClick={() => copy(loaded.filter((id) => has(selection, id)).join('\n'))}
      >
        {t('list.copyIds')}
      </Button>
      {onConclude && (
        <Button size="compact-xs" variant="subtle" onClick={onConclude}>
          {t('conclude.title')}
        </Button>
      )}
      <Button size="compact-xs" variant="subtle" onClick={onClear}>
        {t('list.clear')}
      </Button>
    </div>
  );
}
