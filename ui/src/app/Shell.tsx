import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive, watch } from '../live/live';
import { end, useSession } from '../session/session';
import { Icon } from '../show/Icon';
import classes from './app.module.css';
import { listenForG, useKeys } from './keys';
import { LanguageButton, SchemeButton } from './Preferences';

// What opens over a page need not be loaded before it.
const palette = () => import('./Palette');
const KeysHelp = lazy(() => import('./KeysHelp').then((m) => ({ default: m.KeysHelp })));
const Palette = lazy(() => palette().then((m) => ({ default: m.Palette })));

const findKeys = /Mac|iPhone/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K';

const pages = [
  ['/queue', 'queue'],
  ['/alerts', 'alerts'],
  ['/intake', 'intake'],
] as const;

/** Shell is the frame around every page. */
export function Shell() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const session = useSession();
  const [finding, showPalette] = useState(false);
  const [help, showHelp] = useState(false);
  useEffect(() => watch(client), [client]);
  useKeys({
    '?': () => showHelp(true),
    'g q': () => void navigate({ to: '/queue' }),
    'g a': () => void navigate({ to: '/alerts' }),
    'g i': () => void navigate({ to: '/intake' }),
  });
  useEffect(() => {
    const stop = listenForG();
    // What one types right after opening it must not be lost to loading it.
    const soon = setTimeout(() => void palette().catch(() => undefined), 1500);
    const on = (e: KeyboardEvent) => {
      if ((e.metaKey || e.ctrlKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === 'k') {
        e.preventDefault();
        showPalette((open) => !open);
      }
    };
    window.addEventListener('keydown', on);
    return () => {
      stop();
      clearTimeout(soon);
      window.removeEventListener('keydown', on);
    };
  }, []);
  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        {t('app.skip')}
      </a>
      <header className={classes.header}>
        <Link to="/queue" className={classes.brand} aria-label="Yagura">
          <Icon name="tower" size={22} />
          <span>Yagura</span>
        </Link>
        <nav className={classes.nav} aria-label={t('app.nav')}>
          {pages.map(([to, name]) => (
            <Link key={to} to={to} className={classes.navLink}>
              <Icon name={name} size={17} />
              <span>{t(`app.${name}`)}</span>
            </Link>
          ))}
        </nav>
        <div className={classes.corner}>
          <LiveSign />
          <UnstyledButton
            className={classes.find}
            onClick={() => showPalette(true)}
            aria-label={`${t('app.palette')} ${findKeys}`}
          >
            <Icon name="search" size={15} />
            <span>{t('app.palette')}</span>
            <kbd>{findKeys}</kbd>
          </UnstyledButton>
          <Tooltip label={t('app.keys')}>
            <ActionIcon
              className={classes.wideOnly}
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('app.keys')}
              onClick={() => showHelp(true)}
            >
              <Icon name="keys" />
            </ActionIcon>
          </Tooltip>
          <span className={classes.wideOnly}>
            <LanguageButton />
          </span>
          <SchemeButton />
          {session.name && <span className={classes.who}>{session.name}</span>}
          <Tooltip label={t('app.signOut')}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('app.signOut')}
              onClick={() => void end().then(() => client.clear())}
            >
              <Icon name="out" />
            </ActionIcon>
          </Tooltip>
        </div>
      </header>
      <LostBanner />
      <main id="content" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        {finding && <Palette close={() => showPalette(false)} />}
        {help && <KeysHelp close={() => showHelp(false)} />}
      </Suspense>
    </div>
  );
}

function LiveSign() {
  const { t } = useTranslation();
  const live = useLive();
  if (live === 'lost') return null;
  return (
    <span className={classes.live} data-live={live} role="status">
      <i aria-hidden />
      <span>{t(`live.${live}`)}</span>
    </span>
  );
}

function LostBanner() {
  const { t } = useTranslation();
  if (useLive() !== 'lost') return null;
  return (
    <div className={classes.lost} role="alert">
      <Icon name="warning" size={16} /> {t('live.lost')}
    </div>
  );
}
