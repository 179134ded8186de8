import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
