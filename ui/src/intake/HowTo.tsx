import { useTranslation } from 'react-i18next';
import { CopyButton } from '../show/Copy';
import { Section } from '../show/Section';
import { curl } from './sources';

/** HowTo shows the command that sends an alert to a source. */
export function HowTo({ hook, kind, token }: { hook: string; kind: string; token?: string }) {
  const { t } = useTranslation();
  const command = curl(hook, token ?? t('intake.tokenPlace'), kind);
  return (
    <Section title={t('intake.howTo')} aside={<CopyButton value={command} />}>
      <p className="quiet small">{t('intake.howToText')}</p>
      <pre className="command" tabIndex={0}>
        {command}
      </pre>
    </Section>
  );
}

/** Token shows a token, which nobody can read again. */
export function Token({ token }: { token: string }) {
  const { t } = useTranslation();
  return (
    <Section title={t('intake.token')} aside={<CopyButton value={token} />}>
      <pre className="command" tabIndex={0} data-testid="token">
        {token}
      </pre>
      <p className="quiet small">{t('intake.tokenHelp')}</p>
    </Section>
  );
}
