import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// YAGURA_SERVER is where `npx vite` finds the API while one works on the app.
const server = process.env.YAGURA_SERVER ?? 'http://127.0.0.1:8484';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist/app',
    emptyOutDir: true,
    // Small pictures stay files: the page's policy then needs no exception for them.
    assetsInlineLimit: 0,
    manifest: true,
    // These know light-dark() and what else the style sheets use: nothing is rewritten for older ones.
    target: ['chrome123', 'firefox121', 'safari17.5'],
  },
  server: { proxy: { '/api': server, '/hooks': server } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
