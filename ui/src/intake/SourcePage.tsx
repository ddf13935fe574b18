import '../show/modal';
import { Button, Group, Modal, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client';
import { Hostile } from '../hostile/Hostile';
import { Section } from '../show/Section';
import { Failed, Loading } from '../show/State';
import { Ago } from '../show/Time';
import { HowTo, Token } from './HowTo';

const route = getRouteApi('/intake/sources/$id');

/** SourcePage tells how to send to a source and what it has brought in. */
export function SourcePage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const source = useQuery({
    queryKey: ['source', 'one', id],
    queryFn: ({ signal }) => must(api.GET('/api/v1/sources/{id}', { params: { path: { id } }, signal })),
  });
  const rules = useQuery({
    queryKey: ['source', 'rules', id],
    queryFn: ({ signal }) => must(api.GET('/api/v1/sources/{id}/rules', { params: { path: { id } }, signal })),
  });
  const [asking, ask] = useState(false);
  const [token, setToken] = useState<string>();
  const rotate = async () => {
    ask(false);
    try {
      setToken((await must(api.POST('/api/v1/sources/{id}/rotate-token', { params: { path: { id } } }))).token);
    } catch (e) {
      notifications.show({ color: 'red', message: e instanceof Error ? e.message : String(e) });
    }
  };
  if (source.isPending) return <Loading />;
  if (source.isError && !source.data) return <Failed error={source.error} again={() => void source.refetch()} />;
  const s = source.data;
  const list = rules.data?.items ?? [];
  return (
    <div className="stack">
      <div className="toolbar">
        <h2 className="subtitle">{s.id}</h2>
        <span className="quiet">{s.kind}</span>
        {s.disabled && (
          <span className="standing" data-standing="declined">
            {t('intake.disabled')}
          </span>
        )}
        <Group gap="md" ml="auto">
          <Link to="/alerts" search={{ q: `source:${s.id}` }} className="link">
            {t('intake.showAlerts')}
          </Link>
          <Link to="/intake/deliveries" search={{ source: s.id }} className="link">
            {t('intake.showDeliveries')}
          </Link>
          <Button variant="default" size="xs" onClick={() => ask(true)}>
            {t('intake.rotate')}
          </Button>
        </Group>
      </div>
      {token && <Token token={token} />}
      <HowTo hook={s.hook} kind={s.kind} token={token} />
      <Section title={t('intake.rules')} count={list.length}>
        {rules.isPending ? (
          <Loading lines={3} />
        ) : list.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('intake.noRules')}
          </Text>
        ) : (
          <div className="tableBox">
            <table className="table">
              <thead>
                <tr>
                  <th>{t('intake.rule')}</th>
                  <th className="num">{t('intake.alerts')}</th>
                  <th className="num">{t('intake.sightings')}</th>
                  <th className="num">{t('intake.declined')}</th>
                  <th>{t('list.seen')}</th>
                </tr>
              </thead>
              <tbody>
                {list.map((r) => (
                  <tr key={r.rule}>
                    <td>
                      <Hostile text={r.rule} limit={160} />
                      {r.problem && (
                        <div className="refused small">
                          <Hostile text={r.problem} limit={300} />
                        </div>
                      )}
                    </td>
                    <td className="num">{r.alerts.toLocaleString()}</td>
                    <td className="num">{r.sightings.toLocaleString()}</td>
                    <td className="num">{r.declined.toLocaleString()}</td>
                    <td>
                      <Ago at={r.last_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
      <Modal opened={asking} onClose={() => ask(false)} title={t('intake.rotate')}>
        <Text size="sm">{t('intake.rotateText')}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => ask(false)}>
            {t('intake.cancel')}
          </Button>
          <Button color="red" onClick={rotate}>
            {t('intake.rotateGo')}
          </Button>
        </Group>
      </Modal>
    </div>
  );
}
