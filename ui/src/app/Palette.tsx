import '../show/modal';
import { Modal, TextInput, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { speak } from '../lang';
import { Icon, type IconName } from '../show/Icon';
import classes from './app.module.css';
import { placeOf } from './places';

interface Choice {
  icon: IconName;
  label: string;
  go: () => void;
}

/** Palette leads to any page, to anything by its id, and to a search. */
export function Palette({ close }: { close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="14vh"
      aria-label={t('app.palette')}
    >
      <Choices close={close} />
    </Modal>
  );
}

function Choices({ close }: { close: () => void }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const scheme = useComputedColorScheme();
  const { setColorScheme } = useMantineColorScheme();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const want = text.trim().toLowerCase();
  const pages: Choice[] = [
    { icon: 'queue', label: t('app.queue'), go: () => void navigate({ to: '/queue' }) },
    { icon: 'alerts', label: t('app.alerts'), go: () => void navigate({ to: '/alerts' }) },
    {
      icon: 'intake',
      label: `${t('app.intake')} · ${t('intake.sources')}`,
      go: () => void navigate({ to: '/intake' }),
    },
    {
      icon: 'warning',
      label: `${t('app.intake')} · ${t('delivery.failed')}`,
      go: () => void navigate({ to: '/intake/deliveries', search: { state: 'failed' } }),
    },
    { icon: 'plus', label: t('intake.add'), go: () => void navigate({ to: '/intake/new' }) },
    {
      icon: scheme === 'dark' ? 'sun' : 'moon',
      label: t('palette.theme'),
      go: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark'),
    },
    { icon: 'language', label: t('palette.lang'), go: () => void speak(i18n.language === 'ja' ? 'en' : 'ja') },
  ];
  const place = placeOf(text);
  const choices: Choice[] = [
    ...(place
      ? [
          {
            icon: 'link' as const,
            label: t('palette.open', { id: text.trim().toUpperCase() }),
            go: () => void navigate({ to: place }),
          },
        ]
      : []),
    ...pages.filter((p) => want === '' || p.label.toLowerCase().includes(want)),
    ...(want !== ''
      ? [
          {
            icon: 'search' as const,
            label: t('palette.search', { text: text.trim() }),
            go: () => void navigate({ to: '/alerts', search: { q: text.trim() } }),
          },
        ]
      : []),
  ];
  const here = Math.min(at, choices.length - 1);
  const take = (c?: Choice) => {
    close();
    c?.go();
  };
  return (
    <>
      <TextInput
        data-autofocus
        size="lg"
        variant="unstyled"
        className={classes.paletteInput}
        leftSection={<Icon name="search" />}
        placeholder={t('palette.placeholder')}
        aria-label={t('app.palette')}
        role="combobox"
        aria-expanded
        aria-controls="palette-choices"
        aria-activedescendant={`choice-${here}`}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(e) => {
          if (e.nativeEvent.isComposing) return;
          if (e.key === 'ArrowDown') setAt((here + 1) % choices.length);
          else if (e.key === 'ArrowUp') setAt((here - 1 + choices.length) % choices.length);
          else if (e.key === 'Enter') take(choices[here]);
          else return;
          e.preventDefault();
        }}
      />
      <div id="palette-choices" role="listbox" aria-label={t('app.palette')} className={classes.choices}>
        {choices.map((c, i) => (
          <div
            key={c.label}
            id={`choice-${i}`}
            role="option"
            aria-selected={i === here}
            className={classes.choice}
            onMouseEnter={() => setAt(i)}
            onClick={() => take(c)}
          >
            <Icon name={c.icon} size={16} />
            <span>{c.label}</span>
          </div>
        ))}
      </div>
    </>
  );
}
