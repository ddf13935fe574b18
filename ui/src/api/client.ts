// The API's client. Its types are made from the server's own description, so that a
// change there that breaks a page here does not compile.
import createClient from 'openapi-fetch';
import { key, leave } from '../session/session';
import type { components, paths } from './schema';

export type Alert = components['schemas']['Alert'];
export type AlertDetail = components['schemas']['AlertDetail'];
export type AlertList = components['schemas']['AlertList'];
export type Facets = components['schemas']['Facets'];
export type Observable = components['schemas']['Observable'];
export type Source = components['schemas']['Source'];
export type SourceCreated = components['schemas']['SourceCreated'];
export type Delivery = components['schemas']['Delivery'];
export type DeliveryDetail = components['schemas']['DeliveryDetail'];

/** Problem is an answer that says no, in the server's own safe words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    /** The answer's number, which the server's log has too. */
    readonly id?: string,
  ) {
    super(detail);
  }
}

/** authorised sends a request with the key that the tab signed in with. */
export async function authorised(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const k = key();
  if (k) request.headers.set('Authorization', `Bearer ${k}`);
  const answer = await fetch(request);
  if (answer.status === 401) leave();
  return answer;
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin, fetch: (r) => authorised(r) });

/** must returns what was asked for, or throws a Problem. */
export async function must<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (data !== undefined) return data;
  throw problem(response.status, error);
}

export function problem(status: number, error: unknown): Problem {
  const p = (error ?? {}) as {
    detail?: string;
    title?: string;
    id?: string;
    errors?: { message?: string; location?: string }[];
  };
  const places = (p.errors ?? []).map((e) => [e.location, e.message].filter(Boolean).join(': ')).join('; ');
  return new Problem(status, [p.detail ?? p.title ?? `HTTP ${status}`, places].filter(Boolean).join(' · '), p.id);
}

/** getJSON asks for a path that the description does not have yet. */
export async function getJSON<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await authorised(path, { signal });
  if (!answer.ok) throw problem(answer.status, await answer.json().catch(() => undefined));
  return (await answer.json()) as T;
}
