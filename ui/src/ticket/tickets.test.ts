import { expect, it } from 'vitest';
import { alertsOf, titled } from './tickets';

it('asks for every page of a group, and counts no alert twice', async () => {
  const asked: string[] = [];
  const pages = [
    { alerts: [{ id: 'A-1' }, { id: 'A-2' }], next: 'a b' },
    { alerts: [{ id: 'A-2' }, { id: 'A-3' }], next: '' },
  ];
  const ids = await alertsOf('G-1', (path) => {
    asked.push(path);
    return Promise.resolve(pages[asked.length - 1] ?? {});
  });
  expect(ids).toEqual(['A-1', 'A-2', 'A-3']);
  expect(asked).toEqual(['/api/v1/groups/G-1', '/api/v1/groups/G-1?cursor=a%20b']);
});

it('cuts a title between characters', () => {
  expect([...titled('😀'.repeat(400))].length).toBe(300);
});
