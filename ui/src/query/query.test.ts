import { describe, expect, it } from 'vitest';
import { accept, complete, parse, term, toggle, values } from './query';

const words = (text: string) => parse(text).map((t) => (t.field ? `${t.field}=${t.value}` : t.value));

describe('a query', () => {
  it('is words, phrases and fields, as the server reads them', () => {
    expect(words('port scan')).toEqual(['port', 'scan']);
    expect(words('"port scan" Severity:high')).toEqual(['port scan', 'severity=high']);
    expect(words('rule:"Port scan"\u3000攻撃')).toEqual(['rule=Port scan', '攻撃']);
    expect(words('http://example.com')).toEqual(['http://example.com']);
    expect(words('"source:x"')).toEqual(['source:x']);
    expect(words('source: open"no end here')).toEqual(['source:', 'openno end here']);
    expect(words('   ')).toEqual([]);
  });

  it('is written so that it is read back', () => {
    for (const [value, field] of [
      ['Port scan', 'rule'],
      ['plain', undefined],
      ['source:x', undefined],
      ['a:b c', 'rule'],
    ] as const) {
      expect(parse(term(value, field))).toMatchObject([{ value, ...(field ? { field } : {}) }]);
    }
  });

  it('takes a value in and out', () => {
    expect(toggle('scan', 'severity', 'high')).toBe('scan severity:high');
    expect(toggle('scan severity:high', 'severity', 'high')).toBe('scan');
    expect(toggle('severity:high,low scan', 'severity', 'high')).toBe('severity:low scan');
    expect(toggle('', 'rule', 'Port scan')).toBe('rule:"Port scan"');
    expect(toggle('rule:"Port scan"', 'rule', 'Port scan')).toBe('');
    expect(values('severity:high,low severity:info', 'severity')).toEqual(['high', 'low', 'info']);
  });
});

describe('completion', () => {
  const counts = { source: { 'demo-okta': 3, 'demo-falco': 9 }, rule: { 'Port scan': 4 } };
  it('offers fields, then their values, the most frequent first', () => {
    expect(complete('s', 1, counts).map((s) => s.text)).toEqual(['source:', 'severity:']);
    expect(complete('source:', 7, counts).map((s) => s.text)).toEqual(['source:demo-falco', 'source:demo-okta']);
    expect(complete('severity:h', 10, counts).map((s) => s.text)).toEqual(['severity:high']);
    expect(complete('', 0, counts)).toEqual([]);
    expect(complete('http:', 5, counts)).toEqual([]);
  });
  it('replaces the word that the caret stands in, and only it', () => {
    const text = 'scan ru high';
    const [field] = complete(text, 7, counts);
    expect(accept(text, field!)).toEqual({ text: 'scan rule:high', caret: 10 });
    const [value] = complete('scan rule:po', 12, counts);
    expect(accept('scan rule:po', value!)).toEqual({ text: 'scan rule:"Port scan" ', caret: 22 });
  });
});
