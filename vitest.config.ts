import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Of the desk's tests, and of the fleet processes that they start (scripts/coverage.mjs).
    coverage: {
      provider: 'custom',
      customProviderModule: './scripts/coverage.mjs',
      autoAttachSubprocess: true,
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.generated.ts'],
      reporter: ['text-summary', 'json-summary', 'json'],
      reportOnFailure: true,
      thresholds: { lines: 80, branches: 80 },
    },
    projects: [
      {
        test: {
          name: 'desk',
          globalSetup: 'scripts/generate.mjs',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Tests that start sshd, git and Node must not starve each other on two cores.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'lab',
          globalSetup: 'scripts/generate.mjs',
          include: ['test/lab/*.test.ts'],
          testTimeout: 120_000,
          // Guests boot by emulation: one lab at a time.
          fileParallelism: false,
        },
      },
    ],
  },
});
