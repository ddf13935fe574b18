import './app/mantine';
import './app/app.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from './api/client';
import { router } from './app/routes';
import { schemes, theme } from './app/theme';
import { begin } from './session/session';
import { ready } from './lang';

// This answer's nonce, for the style elements that Mantine and its scroll lock make.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = nonce;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Events say what changed; asking again on every visit is for what they missed.
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});

// Toasts come after something was done: the first paint does not wait for them.
const Toasts = lazy(() => import('./show/Toasts').then((m) => ({ default: m.Toasts })));

void begin();

void ready.then(() =>
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <MantineProvider theme={theme} colorSchemeManager={schemes} defaultColorScheme="auto" getStyleNonce={() => nonce}>
        <QueryClientProvider client={client}>
          <Suspense>
            <Toasts />
          </Suspense>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  ),
);
