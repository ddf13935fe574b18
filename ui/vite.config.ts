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
  },
  server: { proxy: { '/api': server, '/hooks': server } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
