import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { lintWorkflow } from './lint-workflow.ts';

const top = new URL('../', import.meta.url);
const folder = '.github/workflows/';
const read = (path: string) => readFileSync(new URL(path, top), 'utf8');

interface Job {
  readonly permissions?: Record<string, string>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

describe("this project's own workflows", () => {
  const names = readdirSync(new URL(folder, top));

  test.each(names)('%s passes actionlint', async (name) => {
    expect(await lintWorkflow(`${folder}${name}`, read(folder + name))).toEqual([]);
  });

  test.each(names)(
    '%s pins what it uses, ends in time, and gives no job more than it asks for',
    (name) => {
      const { jobs, permissions } = parse(read(folder + name)) as {
        jobs: Record<string, Job>;
        permissions: object;
      };
      expect(permissions).toEqual({});
      for (const job of Object.values(jobs)) {
        expect(job['timeout-minutes']).toBeGreaterThan(0);
        for (const { uses } of job.steps) if (uses) expect(uses).toMatch(/@[0-9a-f]{40}$/);
        // Dependencies run as whoever the token is of.
        const writes = Object.values(job.permissions ?? {}).includes('write');
        if (writes) expect(JSON.stringify(job.steps)).not.toMatch(/npm (ci|install|run|test)/);
      }
    },
  );

  test('a release checks its version before anything, and publishes last', () => {
    const { jobs } = parse(read(`${folder}release.yml`)) as {
      jobs: Record<string, { needs?: string }>;
    };
    const needs = Object.entries(jobs).map(([name, job]) => [name, job.needs]);
    expect(needs).toEqual([
      ['version', undefined],
      ['tests', 'version'],
      ['build-action', 'tests'],
      ['tag-action', 'build-action'],
      ['pack', 'tag-action'],
      ['publish', 'pack'],
    ]);
  });
});

test('action.yml describes each input and output, and names files that the bundle has', () => {
  const { inputs, outputs, runs } = parse(read('action.yml'));
  for (const one of [...Object.values(inputs), ...Object.values(outputs)])
    expect((one as { description?: string }).description).toMatch(/\.$|\w$/);
  expect(runs.using).toBe('node24');
  for (const name of ['main', 'post'])
    expect(read('scripts/build-action.mjs')).toContain(
      `${name}: 'src/${runs[name].replace(/\.js$/, '.ts')}'`,
    );
});
