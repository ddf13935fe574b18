// Live updates. One tab of a browser holds the connection and tells the others, so
// that many tabs do not use up the connections that a browser allows to one server.
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { authorised } from '../api/client';
import { key } from '../session/session';
import { parser, type Message } from './stream';

export type Live = 'connecting' | 'live' | 'lost';

let state: Live = 'connecting';
const listeners = new Set<() => void>();

function become(next: Live) {
  state = next;
  for (const l of listeners) l();
}

export function useLive(): Live {
  return useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => state,
  );
}

const firstWait = 1000;
const longestWait = 15_000;
/** The server speaks every 15 s; silence of this length is a dead connection. */
const silence = 40_000;

/** watch keeps the page's data fresh until stop is called. */
export function watch(client: QueryClient): () => void {
  const stop = new AbortController();
  const refresh = refresher(client);
  // A key belongs to one tab; tabs that may see different things do not share what they hear.
  const channel = !key() && 'BroadcastChannel' in window ? new BroadcastChannel('yagura.live') : undefined;
  const hear = (m: Message) => (m.event === 'state' ? become(m.data as Live) : refresh(m));
  const tell = (m: Message) => {
    hear(m);
    channel?.postMessage(m);
  };
  let leading = false;
  if (channel) {
    channel.onmessage = (e: MessageEvent<Message>) => {
      if (e.data.event !== 'ask') hear(e.data);
      else if (leading) channel.postMessage({ event: 'state', data: state });
    };
    channel.postMessage({ event: 'ask', data: '' });
  }
  const lead = () => {
    leading = true;
    return follow(tell, stop.signal);
  };
  if (channel && navigator.locks)
    void navigator.locks.request('yagura.live', { signal: stop.signal }, lead).catch(() => undefined);
  else void lead();
  return () => {
    stop.abort();
    channel?.close();
  };
}

async function follow(tell: (m: Message) => void, stop: AbortSignal): Promise<void> {
  let last: string | undefined;
  let wait = firstWait;
  while (!stop.aborted) {
    try {
      await once(
        (m) => {
          if (m.id) last = m.id;
          if (m.event === 'hello') {
            wait = firstWait;
            tell({ event: 'state', data: 'live' });
          } else tell(m);
        },
        last,
        stop,
      );
    } catch {
      // Whatever it was, the next try tells.
    }
    if (stop.aborted) return;
    tell({ event: 'state', data: 'lost' });
    await pause(wait, stop);
    wait = Math.min(wait * 2, longestWait);
  }
}

async function once(tell: (m: Message) => void, last: string | undefined, stop: AbortSignal): Promise<void> {
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), silence);
  try {
    const answer = await authorised('/api/v1/events', {
      headers: last ? { 'Last-Event-ID': last } : {},
      signal: AbortSignal.any([stop, quiet.signal]),
    });
    if (!answer.ok || !answer.body) return;
    const feed = parser(tell);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silence);
      feed(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const t = setTimeout(end, ms);
    function end() {
      clearTimeout(t);
      window.removeEventListener('online', end);
      done();
    }
    stop.addEventListener('abort', end, { once: true });
    window.addEventListener('online', end);
  });
}

/** refresher asks again for what an event changed, at most about once a second:
 * a storm of alerts must not become a storm of requests. */
function refresher(client: QueryClient): (m: Message) => void {
  const due = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (m) => {
    const subject = m.event.split('.')[0] ?? '';
    if (m.event === 'reset') ['alert', 'group', 'ticket', 'delivery', 'source'].forEach((s) => due.add(s));
    else if (subject === 'alert') ['alert', 'group'].forEach((s) => due.add(s));
    else due.add(subject);
    timer ??= setTimeout(() => {
      timer = undefined;
      const subjects = [...due];
      due.clear();
      void client.invalidateQueries({ predicate: (q) => subjects.includes(String(q.queryKey[0])) });
    }, 800);
  };
}
