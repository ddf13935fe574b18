import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/PasswordInput.css';
import { Button, PasswordInput, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { LanguageButton, SchemeButton } from '../app/Preferences';
import { Icon } from '../show/Icon';
import { enter, Refused, type Way } from './session';
import classes from './SignIn.module.css';

type Tab = 'key' | 'name';

/** takeLink returns the token of a one-time link, /sign-in#TOKEN, and takes it out of
 * the address: it must stay neither in the history nor on the screen. */
function takeLink(): string | undefined {
  if (location.pathname !== '/sign-in' || location.hash.length < 2) return undefined;
  const token = location.hash.slice(1);
  history.replaceState(history.state, '', '/sign-in');
  return token;
}

/** SignIn stands before every page; who signs in sees the page that was asked for. */
export function SignIn() {
  const { t } = useTranslation();
  const [tab, setTab] = useState<Tab>('key');
  const [key, setKey] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [opening, setOpening] = useState(false);
  const [said, say] = useState('');

  const go = async (way: Way) => {
    setBusy(true);
    say('');
    try {
      await enter(way);
    } catch (e) {
      const why = e instanceof Refused ? e.why : 'other';
      if (why === 'wrong')
        say('link' in way ? t('signIn.wrongLink') : 'key' in way ? t('signIn.wrongKey') : t('signIn.wrongName'));
      else if (why === 'unsupported') say(t('signIn.unsupported'));
      else if (why === 'unreachable') say(t('signIn.unreachable'));
      else say(t('signIn.other', { detail: e instanceof Error ? e.message : String(e) }));
    } finally {
      setBusy(false);
      setOpening(false);
    }
  };
  useEffect(() => {
    const open = () => {
      const link = takeLink();
      if (!link) return;
      setOpening(true);
      void go({ link });
    };
    open();
    // A link that is pasted while this page stands open changes nothing but the hash.
    window.addEventListener('hashchange', open);
    return () => window.removeEventListener('hashchange', open);
    // Once, for the address that the page was opened with.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const submit = (e: FormEvent) => {
    e.preventDefault();
    void go(tab === 'key' ? { key } : { name: name.trim(), password });
  };
  return (
    <main className={classes.page}>
      <div className={classes.corner}>
        <LanguageButton />
        <SchemeButton />
      </div>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Icon name="tower" size={34} />
          <h1>Yagura</h1>
        </div>
        <p className={classes.lead}>{t('signIn.lead')}</p>
        {opening ? (
          <p role="status">{t('signIn.linkGoing')}</p>
        ) : (
          <form onSubmit={submit}>
            <Stack gap="md">
              <SegmentedControl
                fullWidth
                value={tab}
                onChange={(v) => {
                  setTab(v as Tab);
                  say('');
                }}
                data={[
                  { value: 'key', label: t('signIn.keyTab') },
                  { value: 'name', label: t('signIn.nameTab') },
                ]}
              />
              {tab === 'key' ? (
                <PasswordInput
                  label={t('signIn.key')}
                  description={t('signIn.keyHelp')}
                  value={key}
                  onChange={(e) => setKey(e.currentTarget.value)}
                  autoComplete="off"
                  autoFocus
                  required
                  withAsterisk={false}
                />
              ) : (
                <>
                  <TextInput
                    label={t('signIn.name')}
                    value={name}
                    onChange={(e) => setName(e.currentTarget.value)}
                    autoComplete="username"
                    autoFocus
                    required
                    withAsterisk={false}
                  />
                  <PasswordInput
                    label={t('signIn.password')}
                    value={password}
                    onChange={(e) => setPassword(e.currentTarget.value)}
                    autoComplete="current-password"
                    required
                    withAsterisk={false}
                  />
                </>
              )}
              {said && (
                <p className="refused" role="alert">
                  {said}
                </p>
              )}
              <Button type="submit" loading={busy} fullWidth>
                {t('signIn.go')}
              </Button>
              {tab === 'key' && <p className={classes.help}>{t('signIn.where')}</p>}
            </Stack>
          </form>
        )}
      </div>
    </main>
  );
}
