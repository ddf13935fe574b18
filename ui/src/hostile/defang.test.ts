import { expect, it } from 'vitest';
import { defang } from './defang';

it.each([
  ['198.51.100.7', 'ip', '198[.]51[.]100[.]7'],
  ['2001:db8::1', 'ip', '2001[:]db8[:][:]1'],
  ['evil.example', 'domain', 'evil[.]example'],
  ['db1.example.com', 'host', 'db1[.]example[.]com'],
  ['https://evil.example/a.b?c=d.e', 'url', 'hxxps://evil[.]example/a.b?c=d.e'],
  ['ftp://evil.example', 'url', 'fxp://evil[.]example'],
  ['http://[2001:db8::1]/', 'url', 'hxxp://[2001:db8::1]/'],
  ['a.b@example.com', 'email', 'a.b[@]example[.]com'],
  ['a@example.com', 'user', 'a[@]example[.]com'],
  ['alice', 'user', 'alice'],
  ['d41d8cd98f00b204e9800998ecf8427e', 'hash', 'd41d8cd98f00b204e9800998ecf8427e'],
])('%s of type %s is defanged to %s', (value, type, want) => {
  expect(defang(value, type)).toBe(want);
});
