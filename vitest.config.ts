import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of minutes, the longest first: one that begins late is waited for alone. */
const long = [
  'test/lab/looked-after',
  'test/lab/scenarios-',
  'test/sandbox/scenarios-',
  'test/lab/power-loss',
  'test/lab/init-from',
  'test/lab/declarative',
  'test/chaos/',
  'test/night/',
  'test/sandbox/',
  'test/render/mutations',
  'test/package/package',
];

/** A login into an emulated guest may take no longer than a check: when the desk's tests are over, or nearly. */
const last = ['test/lab/run-checks', 'test/lab/guest-networks'];

/**
 * Where the lab runs, these stories are told on it, on real systemd and Nix; the sandbox would only tell them again.
 */
const toldByLab = process.env.FLEET_LAB === 'required' ? ['test/sandbox/scenarios-*.test.ts'] : [];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = long.findIndex((name) => moduleId.includes(name));
      if (last.some((name) => moduleId.includes(name))) return long.length + 1;
      return at < 0 ? long.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
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
          exclude: ['test/lab/**', ...toldByLab],
          // They end what hangs. What is slow on a busy machine is no failure.
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // They mostly wait, for sshd, git and Node; more of them would starve the lab's guests on two cores.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'lab',
          globalSetup: 'scripts/generate.mjs',
          include: ['test/lab/*.test.ts'],
          testTimeout: 360_000,
          hookTimeout: 360_000,
          // A lab keeps half a processor busy: it mostly waits for guests to boot, by emulation, and to settle.
          maxWorkers: 3,
        },
      },
    ],
  },
});
