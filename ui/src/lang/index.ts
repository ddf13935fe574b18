import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en';
import { ja } from './ja';

export const languages = { en: 'English', ja: '日本語' } as const;
export type Language = keyof typeof languages;

const place = 'yagura.lang';

function first(): Language {
  const chosen = localStorage.getItem(place) ?? navigator.language;
  return chosen.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}

void i18n.use(initReactI18next).init({
  resources: { en: { translation: en }, ja: { translation: ja } },
  lng: first(),
  fallbackLng: 'en',
  // React escapes; escaping twice would show entities.
  interpolation: { escapeValue: false },
});
document.documentElement.lang = i18n.language;

/** speak switches the page's language and remembers it. */
export function speak(language: Language) {
  localStorage.setItem(place, language);
  document.documentElement.lang = language;
  void i18n.changeLanguage(language);
}
