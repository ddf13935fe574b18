import { expect, it } from 'vitest';
import { placeOf } from './places';

it('finds the page of an id', () => {
  expect(placeOf(' a-00g6q4zw2r ')).toBe('/alerts/A-00G6Q4ZW2R');
  expect(placeOf('T-142')).toBe('/tickets/T-142');
  expect(placeOf('D-00G6Q4ZW2R')).toBe('/intake/deliveries/D-00G6Q4ZW2R');
  for (const text of ['', 'A-', 'X-1', 'port scan', 'A-1/../x', 'A-1?x']) expect(placeOf(text)).toBeUndefined();
});
