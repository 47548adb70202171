// Builds the web app into console/app, from where the Go binary embeds it.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { fontFiles } from './vite.fonts.ts';

// SALLYPORT_SERVER names the server that `npm run dev` passes the wire and the console's endpoints to.
const server = process.env.SALLYPORT_SERVER ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [react(), fontFiles()],
  build: {
    outDir: '../app',
    emptyOutDir: true,
    assetsDir: 'assets',
    manifest: true, // read by scripts/size.mjs
    modulePreload: { polyfill: false }, // the policy of the page allows no inline script
    assetsInlineLimit: 0,
    target: 'es2022',
    chunkSizeWarningLimit: 1000, // in kB, not gzipped; scripts/size.mjs holds the budgets that matter
  },
  server: {
    proxy: {
      '/console': server,
      // The wire is POST / only; every other request for / is the app itself.
      '^/$': { target: server, bypass: (request) => (request.method === 'POST' ? undefined : request.url) },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
});
