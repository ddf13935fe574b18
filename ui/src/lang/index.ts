import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en';

export const languages = { en: 'English', ja: '日本語' } as const;
export type Language = keyof typeof languages;

const place = 'yagura.lang';

function first(): Language {
  const chosen = localStorage.getItem(place) ?? navigator.language;
  return chosen.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}

/** load fetches a language's texts; English is there from the start. */
async function load(language: Language) {
  if (language === 'en' || i18n.hasResourceBundle(language, 'translation')) return;
  const { ja } = await import('./ja');
  i18n.addResourceBundle(language, 'translation', ja);
}

/** speak switches the page's language and remembers it. */
export async function speak(language: Language) {
  localStorage.setItem(place, language);
  await turn(language);
}

async function turn(language: Language) {
  await load(language);
  document.documentElement.lang = language;
  await i18n.changeLanguage(language);
}

/** ready is when the first language can be shown. A language that cannot be loaded
 * leaves English, which is better than nothing. */
export const ready: Promise<unknown> = i18n
  .use(initReactI18next)
  .init({
    resources: { en: { translation: en } },
    lng: 'en',
    fallbackLng: 'en',
    // React escapes; escaping twice would show entities.
    interpolation: { escapeValue: false },
  })
  .then(() => turn(first()))
  .catch(() => undefined);
