import { createTheme, localStorageColorSchemeManager, type MantineColorsTuple } from '@mantine/core';
import i18n from 'i18next';

// The blue of old roof tiles; 6 on white and 4 on dark keep 4.5:1 against their ground.
const tile: MantineColorsTuple = [
  '#eef4fb',
  '#dbe6f3',
  '#b3cbe6',
  '#88aed9',
  '#6496ce',
  '#4c86c7',
  '#2f68a8',
  '#275a93',
  '#1d4d82',
  '#0c3f70',
];

// Mantine's greys for the dark scheme, with the ground's own touch of blue.
const dark: MantineColorsTuple = [
  '#dfe4ea',
  '#b9c1cb',
  '#98a2ae',
  '#6b7683',
  '#39414b',
  '#2e343c',
  '#20252b',
  '#1b1f24',
  '#15181c',
  '#101316',
];

export const theme = createTheme({
  primaryColor: 'tile',
  primaryShade: { light: 6, dark: 6 },
  colors: { tile, dark },
  defaultRadius: 'md',
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Hiragino Sans", "Yu Gothic UI", "Noto Sans CJK JP", "Noto Sans JP", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK JP", monospace',
  headings: { fontWeight: '650' },
  components: {
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true, multiline: true, maw: 360 } },
    Modal: { defaultProps: { centered: false, transitionProps: { duration: 120 } } },
    // A getter: the language may change after the theme is made.
    Notification: {
      defaultProps: {
        get closeButtonProps() {
          return { 'aria-label': i18n.t('app.close') };
        },
      },
    },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
  },
});

/** The same place as public/theme.js reads before the first paint. */
export const schemes = localStorageColorSchemeManager({ key: 'yagura.scheme' });
