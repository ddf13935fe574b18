import { ActionIcon, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { defang } from '../hostile/defang';
import { Icon } from './Icon';

/** useCopy copies a text and says so. */
export function useCopy(): (text: string, said?: string) => Promise<void> {
  const { t } = useTranslation();
  return async (text, said) => {
    try {
      await navigator.clipboard.writeText(text);
      notifications.show({ message: said ?? t('copy.done'), autoClose: 1800 });
    } catch {
      notifications.show({ color: 'red', message: t('copy.failed') });
    }
  };
}

/** CopyButton copies a value; one that could be visited goes defanged unless Alt is held. */
export function CopyButton({ value, type }: { value: string; type?: string }) {
  const { t } = useTranslation();
  const copy = useCopy();
  const safe = type ? defang(value, type) : value;
  const differs = safe !== value;
  const label = differs ? t('copy.defanged') : t('copy.copy');
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={label}
        onClick={(e) => {
          if (!differs) return copy(value);
          return e.altKey ? copy(value, t('copy.doneReal')) : copy(safe, t('copy.doneDefanged'));
        }}
      >
        <Icon name="copy" size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
