// The walks in a real browser, against the real server: npm run e2e.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['e2e/**/*.test.ts'], environment: 'node', testTimeout: 120_000, hookTimeout: 60_000, maxWorkers: 2 },
});
