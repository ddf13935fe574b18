import { expect, it } from 'vitest';

import { queueSearch } from './groups';

it('shows what stands in the queue unless the search says otherwise', () => {
  expect(queueSearch({}).q).toBe('disposition:active');
  expect(queueSearch({ q: 'scan' }).q).toBe('scan disposition:active');
  expect(queueSearch({ q: 'disposition:closed scan' }).q).toBe('disposition:closed scan');
});
