import { Button, Checkbox, Group, Select, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type SourceCreated } from '../api/client';
import { Section } from '../show/Section';
import { HowTo, Token } from './HowTo';
import { useKinds, validId, validWindow } from './sources';

/** AddSource makes a source and shows its token, this once. */
export function AddSource() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const kinds = useKinds();
  const [id, setId] = useState('');
  const [kind, setKind] = useState('generic');
  const [window, setWindow] = useState('24h');
  const [decline, setDecline] = useState(false);
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState('');
  const [made, setMade] = useState<SourceCreated>();
  const idError = tried && !validId.test(id) ? t('intake.idWrong') : undefined;
  const windowError = tried && !validWindow.test(window) ? t('intake.windowWrong') : undefined;
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setTried(true);
    setRefused('');
    if (!validId.test(id) || !validWindow.test(window)) return;
    try {
      setMade(await must(api.POST('/api/v1/sources', { body: { id, kind, window, may_decline: decline } })));
      await client.invalidateQueries({ queryKey: ['source'] });
    } catch (err) {
      setRefused(err instanceof Error ? err.message : String(err));
    }
  };
  if (made) {
    return (
      <Stack maw={720}>
        <h2 className="subtitle">{t('intake.created', { id: made.id })}</h2>
        {made.token && <Token token={made.token} />}
        <HowTo hook={made.hook} kind={made.kind} token={made.token} />
        <div>
          <Button component={Link} to="/intake">
            {t('intake.done')}
          </Button>
        </div>
      </Stack>
    );
  }
  return (
    <div className="narrow">
      <Section title={t('intake.add')}>
        <form onSubmit={submit} noValidate>
          <Stack>
            <TextInput
              label={t('intake.id')}
              description={`${t('intake.addLead')} ${t('intake.idHelp')}`}
              placeholder="guardduty-prod"
              value={id}
              error={idError}
              onChange={(e) => setId(e.currentTarget.value.trim())}
              autoFocus
              spellCheck={false}
            />
            <Select
              label={t('intake.kind')}
              description={t('intake.kindHelp')}
              data={(kinds.data?.items ?? [{ name: 'generic' }]).map((k) => k.name)}
              value={kind}
              allowDeselect={false}
              searchable
              onChange={(v) => setKind(v ?? 'generic')}
            />
            <TextInput
              label={t('intake.window')}
              description={t('intake.windowHelp')}
              value={window}
              error={windowError}
              onChange={(e) => setWindow(e.currentTarget.value.trim())}
            />
            <Checkbox
              label={t('intake.declineHelp')}
              checked={decline}
              onChange={(e) => setDecline(e.currentTarget.checked)}
            />
            {refused && (
              <p className="refused" role="alert">
                {refused}
              </p>
            )}
            <Group justify="flex-end">
              <Button variant="default" component={Link} to="/intake">
                {t('intake.cancel')}
              </Button>
              <Button type="submit">{t('intake.create')}</Button>
            </Group>
          </Stack>
        </form>
      </Section>
    </div>
  );
}
