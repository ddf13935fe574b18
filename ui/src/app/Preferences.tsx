import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { languages, speak, type Language } from '../lang';
import { Icon } from '../show/Icon';

const schemes = { light: 'sun', dark: 'moon', auto: 'system' } as const;

/** SchemeButton chooses light, dark, or what the system says. */
export function SchemeButton() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t('app.scheme')}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('app.scheme')}>
            <Icon name={schemes[colorScheme]} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {(['light', 'dark', 'auto'] as const).map((s) => (
          <Menu.Item
            key={s}
            leftSection={<Icon name={schemes[s]} size={16} />}
            rightSection={s === colorScheme && <Icon name="check" size={14} />}
            onClick={() => setColorScheme(s)}
          >
            {t(s === 'auto' ? 'app.system' : `app.${s}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** LanguageButton chooses the language; each is named in itself. */
export function LanguageButton() {
  const { t, i18n } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t('app.language')}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('app.language')}>
            <Icon name="language" />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(languages) as Language[]).map((l) => (
          <Menu.Item
            key={l}
            lang={l}
            rightSection={l === i18n.language && <Icon name="check" size={14} />}
            onClick={() => void speak(l)}
          >
            {languages[l]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
