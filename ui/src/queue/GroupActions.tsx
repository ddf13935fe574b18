import { Button, Group as Row } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client';
import { useKeys } from '../app/keys';
import { useWho } from '../session/who';
import { alertsOf, titled } from '../ticket/tickets';
import type { Group } from './groups';

const ConcludeLines = lazy(() => import('../ticket/ConcludeLines').then((m) => ({ default: m.ConcludeLines })));

/** GroupActions conclude a group that stands in the queue, or begin a ticket of it. */
export function GroupActions({ group: g }: { group: Group }) {
  const { t } = useTranslation();
  const who = useWho();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, ask] = useState(false);
  const [busy, setBusy] = useState(false);
  const mayChange = who.may('tickets:change');
  const mayConclude = mayChange && who.may('tickets:conclude');
  const title = g.title ?? g.id;
  const begin = async () => {
    if (busy) return;
    setBusy(true);
    try {
      const alerts = await alertsOf(g.id);
      const made = await must(api.POST('/api/v1/tickets', { body: { title: titled(title), alerts } }));
      await client.invalidateQueries({ queryKey: ['group'] });
      await navigate({ to: '/tickets/$id', params: { id: made.id } });
    } catch (e) {
      notifications.show({ color: 'red', message: e instanceof Error ? e.message : String(e) });
      setBusy(false);
    }
  };
  useKeys({
    c: () => mayConclude && ask(true),
    n: () => mayChange && void begin(),
  });
  if (!mayChange) return null;
  return (
    <Row gap="xs">
      {mayConclude && (
        <Button size="compact-sm" onClick={() => ask(true)}>
          {t('conclude.title')}
        </Button>
      )}
      <Button size="compact-sm" variant="default" loading={busy} onClick={() => void begin()}>
        {t('conclude.newTicket')}
      </Button>
      {asking && (
        <Suspense>
          <ConcludeLines
            subjects={[{ id: g.id, title }]}
            close={() => ask(false)}
            done={() => void navigate({ to: '/queue' })}
          />
        </Suspense>
      )}
    </Row>
  );
}
