import { describe, expect, it } from 'vitest';
import { cut, pieces, plain, webLink } from './hostile';

describe('hostile text', () => {
  it('shows what turns text around and what cannot be seen', () => {
    expect(plain('invoice\u202Efdp.exe')).toBe('invoice[U+202E]fdp.exe');
    expect(plain('pay\u200Bpal')).toBe('pay[U+200B]pal');
    expect(plain('a\u0000b\u001b[31m')).toBe('a[U+0000]b[U+001B][31m');
    expect(plain('\u{E0041}x')).toBe('[U+E0041]x');
  });
  it('leaves what people write alone', () => {
    for (const text of ['攻撃を検知しました', 'a\tb\nc', 'naïve – “quoted” 🚨', '<b>bold</b>', '']) {
      expect(plain(text)).toBe(text);
      expect(pieces(text).every((p) => !p.hidden)).toBe(true);
    }
  });
  it('is cut between characters', () => {
    expect(cut('abc', 3)).toEqual({ text: 'abc', rest: 0 });
    expect(cut('ab🚨c', 3)).toEqual({ text: 'ab', rest: 3 });
    const long = 'x'.repeat(1 << 20);
    expect(cut(long, 2000)).toMatchObject({ rest: long.length - 2000 });
  });
  it('is a link only where a browser may go', () => {
    expect(webLink('https://example.com/a')).toBe('https://example.com/a');
    for (const bad of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      '//example.com',
      'https://user:pw@example.com',
      'JaVaScRiPt:alert(1)',
      '',
      undefined,
    ]) {
      expect(webLink(bad)).toBeUndefined();
    }
  });
});
