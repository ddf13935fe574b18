import '../show/modal';
import { Anchor, Button, Group, Modal, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type AlertDetail } from '../api/client';
import { useKeys } from '../app/keys';
import { Hostile } from '../hostile/Hostile';
import { plain, webLink } from '../hostile/hostile';
import { CopyButton } from '../show/Copy';
import { Icon } from '../show/Icon';
import { Section } from '../show/Section';
import { Severity } from '../show/Severity';
import { Failed, Loading } from '../show/State';
import { useTitle } from '../show/title';
import classes from './alert.module.css';
import { useAlert } from './alerts';
import { Attributes, Facts, Observables, Sightings } from './Details';
import { Raw } from './Raw';

const route = getRouteApi('/alerts/$id');

/** AlertPage shows everything that is known of one alert. */
export function AlertPage() {
  const { id } = route.useParams();
  const alert = useAlert(id);
  const { t } = useTranslation();
  useTitle(alert.data ? plain(alert.data.title) : id);
  return (
    <div className="page scrolls">
      <BackButton label={t('alert.back')} />
      {alert.isPending ? (
        <Loading />
      ) : alert.isError && !alert.data ? (
        <Failed error={alert.error} again={() => void alert.refetch()} />
      ) : (
        <OneAlert key={id} alert={alert.data} />
      )}
    </div>
  );
}

/** BackButton goes to where one came from; who came by a link goes to the alerts. */
export function BackButton({
  label,
  to = '/alerts',
}: {
  label: string;
  to?: '/alerts' | '/queue' | '/intake/deliveries' | '/intake';
}) {
  const router = useRouter();
  const back = () => (router.history.canGoBack() ? router.history.back() : void router.navigate({ to }));
  useKeys({ u: back, Escape: back });
  return (
    <div>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        leftSection={<Icon name="back" size={15} />}
        onClick={back}
        ml={-8}
      >
        {label}
      </Button>
    </div>
  );
}

function OneAlert({ alert: a }: { alert: AlertDetail }) {
  const { t } = useTranslation();
  const [raw, showRaw] = useState(false);
  useKeys({ r: () => showRaw(!raw) });
  const link = webLink(a.link);
  return (
    <article className={classes.stack}>
      <header>
        <div className={classes.heading}>
          <Severity value={a.severity} />
          <span className="standing" data-standing={a.disposition}>
            {t(`disposition.${a.disposition}`)}
          </span>
          <span className={classes.value}>
            {a.id} <CopyButton value={a.id} />
          </span>
        </div>
        <h1 className={classes.name}>
          <Hostile text={a.title} limit={500} />
        </h1>
        <Group gap="sm">
          {link && (
            <Anchor href={link} target="_blank" rel="noopener noreferrer" size="sm">
              {t('alert.openProduct')} <Icon name="link" size={13} />
            </Anchor>
          )}
          {a.rule && (
            <Link to="/alerts" search={{ q: ruleQuery(a) }} className="link">
              {t('alert.same')}
            </Link>
          )}
          {a.disposition !== 'active' && <Restore id={a.id} />}
        </Group>
      </header>
      <div className={classes.columns}>
        <div className={classes.stack}>
          {a.description && (
            <Section title={t('alert.description')}>
              <div className={classes.pre}>
                <Hostile text={a.description} />
              </div>
            </Section>
          )}
          <Section title={t('alert.observables')} count={a.observables?.length}>
            <Observables list={a.observables ?? []} />
          </Section>
          <Section title={t('alert.attributes')} count={a.attributes?.length}>
            <Attributes list={a.attributes ?? []} />
          </Section>
          <Section title={t('alert.raw')}>
            <Button
              variant="default"
              size="compact-sm"
              mb={raw ? 'sm' : 0}
              aria-expanded={raw}
              onClick={() => showRaw(!raw)}
            >
              {raw ? t('alert.hideRaw') : t('alert.showRaw')}
            </Button>
            {raw && <Raw path={`/api/v1/alerts/${a.id}/raw`} name={`${a.id}.txt`} />}
          </Section>
        </div>
        <div className={classes.stack}>
          <Section title={t('alert.facts')}>
            <Facts alert={a} />
          </Section>
          <Section title={t('alert.sightings')} count={a.sightings.count}>
            <Sightings alert={a} />
          </Section>
        </div>
      </div>
    </article>
  );
}

function ruleQuery(a: AlertDetail): string {
  const rule = a.rule.replaceAll('"', '');
  return `source:${a.source} rule:${/\s/.test(rule) ? `"${rule}"` : rule}`;
}

function Restore({ id }: { id: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [asking, ask] = useState(false);
  const [reason, setReason] = useState('');
  const go = async () => {
    try {
      await must(api.POST('/api/v1/alerts/{id}/restore', { params: { path: { id } }, body: { reason } }));
      ask(false);
      notifications.show({ message: t('alert.restored') });
      await client.invalidateQueries({ queryKey: ['alert'] });
    } catch (e) {
      notifications.show({ color: 'red', message: e instanceof Error ? e.message : String(e) });
    }
  };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => ask(true)}>
        {t('alert.restore')}
      </Button>
      <Modal opened={asking} onClose={() => ask(false)} title={t('alert.restore')}>
        <Textarea
          label={t('alert.restoreWhy')}
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
          <Button onClick={go}>{t('alert.restore')}</Button>
        </Group>
      </Modal>
    </>
  );
}
