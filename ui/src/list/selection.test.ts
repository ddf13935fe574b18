import { expect, it } from 'vitest';
import { flip, has, nothing, size, type Selection } from './selection';

it('is some lines, or all that match but some', () => {
  const some = flip(flip(flip(nothing, 'a'), 'b'), 'a');
  expect([has(some, 'a'), has(some, 'b'), size(some, 9)]).toEqual([false, true, 1]);
  const all: Selection = { all: true, except: new Set() };
  const most = flip(all, 'a');
  expect([has(most, 'a'), has(most, 'never loaded'), size(most, 9)]).toEqual([false, true, 8]);
  expect(size(flip(most, 'a'), 9)).toBe(9);
});
