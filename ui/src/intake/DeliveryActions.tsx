import '../show/modal';
import { Button, Group, Modal, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type Delivery } from '../api/client';

export function DeliveryState({ state }: { state: Delivery['state'] }) {
  const { t } = useTranslation();
  return (
    <span className="standing" data-standing={state}>
      {t(`delivery.${state}`)}
    </span>
  );
}

/** DeliveryActions process a delivery again, or give a failed one up with a reason. */
export function DeliveryActions({ delivery: d }: { delivery: Delivery }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [asking, ask] = useState(false);
  const [reason, setReason] = useState('');
  const act = async (call: () => Promise<unknown>, said: string) => {
    try {
      await call();
      ask(false);
      notifications.show({ message: said });
      await client.invalidateQueries({ queryKey: ['delivery'] });
    } catch (e) {
      notifications.show({ color: 'red', message: e instanceof Error ? e.message : String(e) });
    }
  };
  const params = { path: { id: d.id } };
  if (d.state === 'received') return null;
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => act(() => must(api.POST('/api/v1/deliveries/{id}/replay', { params })), t('delivery.replayed'))}
      >
        {t('delivery.replay')}
      </Button>
      {d.state === 'failed' && (
        <Button size="compact-xs" variant="subtle" color="red" onClick={() => ask(true)}>
          {t('delivery.discard')}
        </Button>
      )}
      <Modal opened={asking} onClose={() => ask(false)} title={`${t('delivery.discard')} · ${d.id}`}>
        <Textarea
          label={t('delivery.discardWhy')}
          autosize
          minRows={2}
          maxLength={1000}
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          data-autofocus
        />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => ask(false)}>
            {t('intake.cancel')}
          </Button>
          <Button
            color="red"
            disabled={reason.trim() === ''}
            onClick={() =>
              act(
                () => must(api.POST('/api/v1/deliveries/{id}/discard', { params, body: { reason: reason.trim() } })),
                t('delivery.discarded2'),
              )
            }
          >
            {t('delivery.discard')}
          </Button>
        </Group>
      </Modal>
    </Group>
  );
}
