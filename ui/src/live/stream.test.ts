import { expect, it } from 'vitest';
import { parser, type Message } from './stream';

it('reads messages however the network cuts them', () => {
  const text =
    'retry: 2000\nid: 7\nevent: hello\ndata: {}\n\n: still here\n\nid: 8\nevent: alert.created\ndata: {"a":\ndata: 1}\n\n';
  for (const size of [1, 3, 1000]) {
    const got: Message[] = [];
    const feed = parser((m) => got.push(m));
    for (let i = 0; i < text.length; i += size) feed(text.slice(i, i + size));
    expect(got).toEqual([
      { id: '7', event: 'hello', data: '{}' },
      { id: '8', event: 'alert.created', data: '{"a":\n1}' },
    ]);
  }
});
