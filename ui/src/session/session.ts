// Who uses this browser. People sign in by name and password or by a one-time link
// and get a cookie that no script can read; an API key stays in this tab's own
// storage and goes with every request.
import { useSyncExternalStore } from 'react';

export interface Session {
  state: 'unknown' | 'in' | 'out';
  /** Shown in the corner: a person's name, or nothing for a key. */
  name?: string;
}

interface Who {
  name?: string;
  user?: string;
  display_name?: string;
}

const place = 'yagura.key';
let now: Session = { state: 'unknown' };
const listeners = new Set<() => void>();

function become(next: Session) {
  now = next;
  for (const l of listeners) l();
}

export function useSession(): Session {
  return useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => now,
  );
}

/** key returns the API key of this tab, if it signed in with one. */
export function key(): string | undefined {
  return sessionStorage.getItem(place) ?? undefined;
}

/** leave forgets the session here; the server said that it is over. */
export function leave() {
  sessionStorage.removeItem(place);
  if (now.state !== 'out') become({ state: 'out' });
}

export type Way = { key: string } | { name: string; password: string } | { link: string };

/** Refused says why somebody was not let in. */
export class Refused extends Error {
  constructor(
    readonly why: 'wrong' | 'unsupported' | 'unreachable' | 'other',
    detail?: string,
  ) {
    super(detail ?? why);
  }
}

/** enter signs in. */
export async function enter(way: Way): Promise<void> {
  if ('key' in way) {
    await check(way.key.trim());
    sessionStorage.setItem(place, way.key.trim());
    become({ state: 'in' });
    return;
  }
  const answer = await ask('/api/v1/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(way),
  });
  await refuse(answer);
  const who = (await answer.json().catch(() => ({}))) as Who;
  become({ state: 'in', name: who.display_name || who.user || who.name });
}

/** begin finds out, once at the start, whether this browser is signed in already. */
export async function begin(): Promise<void> {
  const k = key();
  try {
    if (k) {
      await check(k);
      become({ state: 'in' });
      return;
    }
    const answer = await ask('/api/v1/session', {});
    if (!answer.ok) return become({ state: 'out' });
    const who = (await answer.json().catch(() => ({}))) as Who;
    become({ state: 'in', name: who.display_name || who.user || who.name });
  } catch (e) {
    // Out of reach is not signed out: the pages say so and try again.
    if (k && e instanceof Refused && e.why === 'unreachable') become({ state: 'in' });
    else leave();
  }
}

/** end signs out. */
export async function end(): Promise<void> {
  if (!key()) await ask('/api/v1/session', { method: 'DELETE' }).catch(() => undefined);
  leave();
}

async function check(k: string): Promise<void> {
  await refuse(await ask('/api/v1/alerts?limit=1&from=1h', { headers: { Authorization: `Bearer ${k}` } }));
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new Refused('unreachable');
  }
}

async function refuse(answer: Response): Promise<void> {
  if (answer.ok) return;
  if (answer.status === 404 || answer.status === 405) throw new Refused('unsupported');
  if (answer.status === 401) throw new Refused('wrong');
  const p = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Refused('other', p.detail);
}
