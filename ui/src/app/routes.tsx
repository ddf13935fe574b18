import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  redirect,
} from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useSession } from '../session/session';
import { Failed, Loading, NotFound } from '../show/State';
import { Shell } from './Shell';

const SignIn = lazy(() => import('../session/SignIn').then((m) => ({ default: m.SignIn })));

const root = createRootRoute({ component: Root, notFoundComponent: () => <NotFound /> });

function Root() {
  const session = useSession();
  if (session.state === 'unknown') return null;
  return <Suspense>{session.state === 'out' ? <SignIn /> : <Shell />}</Suspense>;
}

/** text takes what an address holds for text: anybody can write an address. */
const text = (v: unknown): string | undefined => (v === undefined || v === null || v === '' ? undefined : String(v));
const search = (s: Record<string, unknown>): { q?: string; from?: string; sort?: string } => ({
  q: text(s.q),
  from: text(s.from),
  sort: text(s.sort),
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/queue', replace: true });
  },
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  // Who is signed in has no business here; who is not sees Root's page, with the link's token.
  component: () => <Navigate to="/queue" replace />,
});

const queue = createRoute({
  getParentRoute: () => root,
  path: '/queue',
  validateSearch: (s: Record<string, unknown>): { q?: string } => ({ q: text(s.q) }),
  component: lazyRouteComponent(() => import('../queue/QueuePage'), 'QueuePage'),
});
const group = createRoute({
  getParentRoute: () => root,
  path: '/groups/$id',
  component: lazyRouteComponent(() => import('../queue/GroupPage'), 'GroupPage'),
});
const ticket = createRoute({
  getParentRoute: () => root,
  path: '/tickets/$id',
  component: lazyRouteComponent(() => import('../ticket/TicketPage'), 'TicketPage'),
});
const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  validateSearch: search,
  component: lazyRouteComponent(() => import('../alert/AlertsPage'), 'AlertsPage'),
});
const alert = createRoute({
  getParentRoute: () => root,
  path: '/alerts/$id',
  component: lazyRouteComponent(() => import('../alert/AlertPage'), 'AlertPage'),
});
const intake = createRoute({
  getParentRoute: () => root,
  path: '/intake',
  component: lazyRouteComponent(() => import('../intake/IntakePage'), 'IntakePage'),
});
const sources = createRoute({
  getParentRoute: () => intake,
  path: '/',
  component: lazyRouteComponent(() => import('../intake/IntakePage'), 'SourcesPage'),
});
const addSource = createRoute({
  getParentRoute: () => intake,
  path: '/new',
  component: lazyRouteComponent(() => import('../intake/AddSource'), 'AddSource'),
});
const source = createRoute({
  getParentRoute: () => intake,
  path: '/sources/$id',
  component: lazyRouteComponent(() => import('../intake/SourcePage'), 'SourcePage'),
});
const deliveries = createRoute({
  getParentRoute: () => intake,
  path: '/deliveries',
  validateSearch: (s: Record<string, unknown>): { state?: string; source?: string } => ({
    state: text(s.state),
    source: text(s.source),
  }),
  component: lazyRouteComponent(() => import('../intake/DeliveriesPage'), 'DeliveriesPage'),
});
const delivery = createRoute({
  getParentRoute: () => intake,
  path: '/deliveries/$id',
  component: lazyRouteComponent(() => import('../intake/DeliveryPage'), 'DeliveryPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    queue,
    group,
    ticket,
    alerts,
    alert,
    intake.addChildren([sources, addSource, source, deliveries, delivery]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: ({ error, reset }) => <Failed error={error} again={reset} />,
  defaultNotFoundComponent: () => <NotFound />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
