import { expect, it } from 'vitest';
import { hits, parsed } from './raw';

it('reads JSON, JSON by lines, and text', () => {
  expect(parsed('{"a":1}')).toEqual({ json: { a: 1 } });
  expect(parsed('{"a":1}\n{"a":2}\n')).toEqual({ json: [{ a: 1 }, { a: 2 }] });
  expect(parsed('CEF:0|a|b\nmore')).toEqual({ text: 'CEF:0|a|b\nmore' });
});

it('finds keys and values, and what to unfold', () => {
  const got = hits({ host: { Name: 'db1', tags: ['x', 'DB1-replica'] }, n: 1 }, 'db1');
  expect([...got.found]).toEqual(['/host/Name', '/host/tags/1']);
  expect([...got.open].sort()).toEqual(['', '/host', '/host/tags']);
  expect(hits({ a: 1 }, '  ').found.size).toBe(0);
  expect([...hits({ NAME: null }, 'name').found]).toEqual(['/NAME']);
});
