import { expect, it } from 'vitest';
import { bytes, exact, span } from './time';

it('tells a length of time in its largest unit', () => {
  expect(span(59_999)).toEqual({ n: 59, unit: 's' });
  expect(span(-3_600_000)).toEqual({ n: 1, unit: 'h' });
  expect(span(47 * 3_600_000)).toEqual({ n: 47, unit: 'h' });
  expect(span(49 * 3_600_000)).toEqual({ n: 2, unit: 'd' });
});

it('tells a time with its zone, and what is no time as it is', () => {
  expect(exact('2026-01-31T09:00:00Z', 'en')).toMatch(/2026.*(UTC|GMT|[A-Z]{2,4}|[+-]\d)/);
  expect(exact('nonsense', 'en')).toBe('nonsense');
});

it('tells a size', () => {
  expect([bytes(900), bytes(2048), bytes(3 * 1024 * 1024)]).toEqual(['900 B', '2.0 kB', '3.0 MB']);
});
