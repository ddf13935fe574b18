import { useSyncExternalStore } from 'react';

/** span parts a length of time into a number and its largest fitting unit. */
export function span(ms: number): { n: number; unit: 's' | 'm' | 'h' | 'd' } {
  const s = Math.floor(Math.abs(ms) / 1000);
  if (s < 60) return { n: s, unit: 's' };
  if (s < 3600) return { n: Math.floor(s / 60), unit: 'm' };
  if (s < 48 * 3600) return { n: Math.floor(s / 3600), unit: 'h' };
  return { n: Math.floor(s / 86400), unit: 'd' };
}

/** exact writes a time in the viewer's zone, with the zone. */
export function exact(at: string | Date, language: string): string {
  const d = new Date(at);
  if (Number.isNaN(d.getTime())) return String(at);
  return new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', {
    year: 'numeric',
    month: language === 'ja' ? '2-digit' : 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(d);
}

/** bytes writes a size as people say it. */
export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} kB`;
  return `${(n / 1024 / 1024).toFixed(1)} MB`;
}

let tick = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** useNow is the time, renewed for the whole page at once every half a minute. */
export function useNow(): number {
  return useSyncExternalStore(
    (l) => {
      listeners.add(l);
      timer ??= setInterval(() => {
        tick = Date.now();
        for (const each of listeners) each();
      }, 30_000);
      return () => {
        listeners.delete(l);
      };
    },
    () => tick,
  );
}
