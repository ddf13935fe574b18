import { expect, it } from 'vitest';
import { cell } from './export';

it('keeps a value that looks like a formula text', () => {
  expect(cell('=HYPERLINK("http://evil.example")')).toBe('"\'=HYPERLINK(""http://evil.example"")"');
  expect(cell(' @SUM(1)')).toBe("' @SUM(1)");
  expect(cell('-1')).toBe("'-1");
  expect(cell('a, b')).toBe('"a, b"');
  expect(cell('攻撃\n2')).toBe('"攻撃\n2"');
  expect(cell('plain')).toBe('plain');
});
