import { Anchor, Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/client';
import { Icon, type IconName } from './Icon';
import classes from './State.module.css';

/** Empty says that there is nothing, why that may be, and what to do about it. */
export function Empty({
  icon = 'tower',
  title,
  children,
  actions,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <Stack className={classes.state} align="center" gap="xs">
      <span className={classes.icon}>
        <Icon name={icon} size={28} />
      </span>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children && (
        <Text c="dimmed" size="sm" ta="center" maw={420}>
          {children}
        </Text>
      )}
      {actions && <div className={classes.actions}>{actions}</div>}
    </Stack>
  );
}

/** Failed says what went wrong in the server's words, and lets one try again. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTranslation();
  if (error instanceof Problem && error.status === 404) return <NotFound>{error.message}</NotFound>;
  const p = error instanceof Problem ? error : undefined;
  return (
    <div role="alert">
      <Empty
        icon="warning"
        title={t('state.failed')}
        actions={
          again && (
            <Button variant="default" size="xs" onClick={again}>
              {t('state.again')}
            </Button>
          )
        }
      >
        {p?.message ?? t('state.failedText')}
        {p?.id && (
          <>
            <br />
            <span className={classes.number}>{t('state.number', { id: p.id })}</span>
          </>
        )}
      </Empty>
    </div>
  );
}

export function NotFound({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Empty
      icon="search"
      title={t('state.notFound')}
      actions={
        <Anchor component={Link} to="/queue" size="sm">
          {t('state.toQueue')}
        </Anchor>
      }
    >
      {children ?? t('state.notFoundText')}
    </Empty>
  );
}

/** Loading holds the place of lines that are on their way. */
export function Loading({ lines = 8 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('state.loading')} className={classes.loading}>
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} height={18} width={`${92 - ((i * 17) % 40)}%`} radius="sm" />
      ))}
    </div>
  );
}
