import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Two cores: tests that start processes must not starve each other.
    maxWorkers: 2,
  },
});
