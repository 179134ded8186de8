import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isPinned } from '../src/init/ci/actions.ts';
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

describe('what the Action of a release is committed from', () => {
  const { jobs } = parse(read(`${folder}release.yml`)) as {
    jobs: Record<string, { steps: { id?: string; run?: string }[] }>;
  };
  const step = jobs['tag-action']?.steps.find(({ id }) => id === 'commit')?.run ?? '';

  /** Runs the step in a repository, with an archive that `make` makes in a folder. @returns its code and the commit's files */
  function committed(make: string) {
    const top = mkdtempSync(join(tmpdir(), 'fleet-release-'));
    const [repo, made] = [join(top, 'repo'), join(top, 'made')];
    const env = { PATH: process.env.PATH, HOME: top, RUNNER_TEMP: top, GITHUB_REF_NAME: 'v1.0.0' };
    const sh = (cwd: string, script: string) =>
      execFileSync('sh', ['-ec', script], { cwd, env, encoding: 'utf8' });
    try {
      for (const dir of [repo, made]) mkdirSync(dir);
      writeFileSync(join(repo, 'file'), '');
      sh(repo, 'git init -q; git add .; git -c user.name=a -c user.email=a@b commit -qm start');
      sh(made, make);
      const args = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step];
      const { status, stderr } = spawnSync('bash', args, {
        cwd: repo,
        env: { ...env, GITHUB_OUTPUT: join(top, 'out') },
        encoding: 'utf8',
      });
      const files = sh(repo, 'git ls-tree -r --name-only HEAD').trim().split('\n');
      return { status, stderr, files, ran: readdirSync(top).includes('ran') };
    } finally {
      rmSync(top, { recursive: true, force: true });
    }
  }
  const action = 'mkdir action; echo 1 >action/main.js;';
  const hook = `printf '#!/bin/sh\\ntouch "$RUNNER_TEMP/ran"\\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit;`;

  test('is plain files', () => {
    const done = committed(`${action} tar -cf ../action.tar action`);
    expect(done).toMatchObject({ status: 0, files: ['action/main.js', 'file'], ran: false });
  });

  test.each([
    ['a hook', `mkdir -p .git/hooks; ${hook} tar -cf ../action.tar action .git`],
    [
      'a hook below action',
      `tar -cf ../action.tar action --transform 's,^action/m,action/../.git/m,'`,
    ],
  ])('%s beside it comes to nothing', (_, make) => {
    const { ran, files } = committed(action + make);
    expect(ran).toBe(false);
    expect(files.filter((path) => path !== 'action/main.js')).toEqual(['file']);
  });

  test.each([
    ['a link', 'ln -s /etc/passwd action/other'],
    ['a repository', 'mkdir action/.git; touch action/.git/config'],
  ])('%s is refused', (_, make) => {
    const done = committed(`${action} ${make}; tar -cf ../action.tar action`);
    expect(done.status).not.toBe(0);
    expect(done.files).toEqual(['file']);
  });
});

test('the package of a release names its Action, as fleet init wants it, and where it is from', () => {
  const { jobs } = parse(read(`${folder}release.yml`)) as {
    jobs: Record<string, { steps: { id?: string; run?: string }[] }>;
  };
  const step = jobs.pack?.steps.find(({ id }) => id === 'manifest')?.run ?? '';
  const cwd = mkdtempSync(join(tmpdir(), 'fleet-release-'));
  try {
    writeFileSync(join(cwd, 'package.json'), read('package.json'));
    const env = {
      ...{ PATH: process.env.PATH, HOME: cwd, COMMIT: '1a'.repeat(20) },
      ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'acme/fleet' },
      ...{ GITHUB_REF_NAME: 'v1.2.3' },
    };
    execFileSync('bash', ['-eo', 'pipefail', '-c', step], { cwd, env });
    const { fleet, ...rest } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
    expect(fleet.action).toBe(`acme/fleet@${env.COMMIT} # action-v1.2.3`);
    expect(isPinned(fleet.action)).toBe(true);
    expect(rest).toEqual({
      ...JSON.parse(read('package.json')),
      repository: { type: 'git', url: 'git+https://github.com/acme/fleet.git' },
      homepage: 'https://github.com/acme/fleet#readme',
      bugs: { url: 'https://github.com/acme/fleet/issues' },
    });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
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
