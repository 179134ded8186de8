import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readInputs } from '../../src/action/inputs.ts';
import { refuseUnsafe } from '../../src/action/refuse.ts';
import { Runner } from '../../src/action/runner.ts';
import type { Forge, Pipeline } from '../../src/init/ci/pipeline.ts';
import { workflows } from '../../src/init/ci/workflows.ts';
import { lintWorkflow } from '../lint-workflow.ts';

const pin = `example/microvm-fleet@${'1a'.repeat(20)}`;
const hypervisors = [{ name: 'hv1', system: 'x86_64-linux' }] as const;
const pipeline: Pipeline = {
  ...{ forge: 'github', branch: 'main', action: pin, hypervisors, proposesReverts: false },
};
const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----';

const metadata: Record<'inputs' | 'outputs', object> = parse(
  readFileSync(new URL('../../action.yml', import.meta.url), 'utf8'),
);

interface Job {
  readonly if?: string;
  readonly 'runs-on': string;
  readonly steps: readonly { uses: string; with?: Record<string, unknown> }[];
  readonly permissions?: Record<string, string>;
  readonly [key: string]: unknown;
}
interface Workflow {
  readonly on: Record<string, { branches?: string[] } | null>;
  readonly permissions?: object;
  readonly concurrency?: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What is written, by the name of the workflow. */
function written(changes: Partial<Pipeline> = {}) {
  const wanted = { ...pipeline, ...changes };
  const read = (name: string): Workflow => {
    const text = workflows(wanted).get(`.${wanted.forge}/workflows/fleet-${name}.yaml`)!;
    return parse(text, { strict: true });
  };
  return { plan: read('plan'), apply: read('apply'), drift: read('drift') };
}

/** Branches that git allows. */
const branches = [
  ...[
    'main',
    'live/eu',
    "it's",
    "''",
    'say"hi"',
    'a#b',
    '#a',
    '&a',
    '%s',
    'größe-家-🚀',
    'true',
    '1.0',
  ],
  ...['{a,b}', '{{x}}', 'a+b', '!x', '$(reboot)', '`id`'],
];

describe.each<Forge>(['github', 'forgejo'])('workflows of %s', (forge) => {
  test('pass actionlint, whatever the branch is called', async () => {
    const said = [];
    for (const branch of branches)
      for (const [path, text] of workflows({ ...pipeline, forge, branch }))
        said.push(...(await lintWorkflow(path, text)));
    expect(said).toEqual([]);
  });

  test.each(branches)('deploy the branch %j, and no other ref', (branch) => {
    const { apply, drift, plan } = written({ forge, branch });
    const filter = [branch.replace(/[+!]/g, '\\$&')];
    expect(apply.on).toEqual({ push: { branches: filter }, workflow_dispatch: null });
    expect(plan.on).toEqual({ pull_request: { branches: filter } });
    const ref = `'refs/heads/${branch.replaceAll("'", "''")}'`;
    expect(apply.jobs.apply!.if).toBe(`github.ref == ${ref} && vars.FLEET_KNOWN_HOSTS != ''`);
    for (const { steps } of [apply.jobs.apply!, drift.jobs.drift!])
      expect(steps[0]!.with!.ref).toBe(`refs/heads/${branch}`);
  });

  test('use actions by the hash of a commit', () => {
    const { apply, drift, plan } = written({ forge });
    for (const { jobs } of [apply, drift, plan])
      for (const { steps } of Object.values(jobs))
        for (const { uses } of steps) {
          expect(uses).toMatch(/@[0-9a-f]{40}$/);
          if (forge === 'forgejo') expect(uses).toMatch(/^https:\/\/github\.com\//);
        }
  });

  test('hand a key to what runs on the deployed branch alone', () => {
    const { apply, drift, plan } = written({ forge });
    expect(JSON.stringify(plan)).not.toMatch(/secrets|FLEET_/);
    for (const job of [apply.jobs.apply!, drift.jobs.drift!]) {
      expect(JSON.stringify(job).match(/secrets\.\w+/g)).toEqual(['secrets.FLEET_SSH_KEY']);
      expect(job.if).toContain('refs/heads/main');
      expect(job.if).toContain("vars.FLEET_KNOWN_HOSTS != ''");
    }
  });

  test('leave no token in the checkout of a pull request', () => {
    for (const { steps } of Object.values(written({ forge }).plan.jobs))
      expect(steps[0]!.with).toMatchObject({ 'persist-credentials': false });
  });

  test('give the Action inputs that it takes, for events that it is for', () => {
    const said: unknown[] = [];
    for (const { jobs, on } of Object.values(written({ forge })))
      for (const { uses, with: inputs = {} } of Object.values(jobs).flatMap(({ steps }) => steps)) {
        if (!uses.endsWith(pin)) continue;
        expect(Object.keys(metadata.inputs)).toEqual(expect.arrayContaining(Object.keys(inputs)));
        const values = Object.entries(inputs).map(([name, value]) => [
          `INPUT_${name.toUpperCase()}`,
          String(value).replace('${{ secrets.FLEET_SSH_KEY }}', key),
        ]);
        const runner = new Runner(
          { 'INPUT_GITHUB-TOKEN': 't', ...Object.fromEntries(values) },
          () => {},
        );
        for (const name of Object.keys(on)) {
          const read = readInputs(runner);
          refuseUnsafe({ name }, read, { head: '1', sha: '2', ref: 'refs/heads/main' });
          said.push([name, read.command, read.sshKey !== undefined, read.issue]);
        }
      }
    expect(said).toEqual([
      ['pull_request', 'plan', false, false],
      ...(forge === 'github' ? [['pull_request', 'build', false, false]] : []),
      ['push', 'apply', true, false],
      ['workflow_dispatch', 'apply', true, false],
      ['schedule', 'plan', true, true],
      ['workflow_dispatch', 'plan', true, true],
    ]);
  });

  test('use outputs that the Action has', () => {
    for (const text of workflows({ ...pipeline, forge }).values())
      for (const [, output] of text.matchAll(/steps\.fleet\.outputs\.([a-z-]+)/g))
        expect(metadata.outputs).toHaveProperty(output!);
  });

  test('end in time', () => {
    const { apply, drift, plan } = written({ forge });
    for (const { jobs } of [apply, drift, plan])
      for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
    // A step that takes too long fails its job; a job that does is cancelled, which reads as if somebody had done it.
    const { steps, 'timeout-minutes': limit } = apply.jobs.apply! as Job;
    expect((steps[1] as Record<string, unknown>)['timeout-minutes']).toBeLessThan(limit as number);
  });
});

describe('on GitHub', () => {
  const { apply, drift, plan } = written();

  test('each job may do what it needs, and no more', () => {
    for (const { permissions } of [apply, drift, plan]) expect(permissions).toEqual({});
    expect(plan.jobs.plan!.permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
    expect(plan.jobs.build!.permissions).toEqual({ contents: 'read' });
    expect(apply.jobs.apply!.permissions).toEqual({ contents: 'write' });
    expect(written({ proposesReverts: true }).apply.jobs.apply!.permissions).toEqual({
      contents: 'write',
      'pull-requests': 'write',
    });
    expect(drift.jobs.drift!.permissions).toEqual({ contents: 'read', issues: 'write' });
  });

  test('keys are in environments, which GitHub gives to the deployed branch alone', () => {
    expect(apply.jobs.apply!.environment).toBe('fleet');
    expect(drift.jobs.drift!.environment).toBe('fleet-drift');
  });

  test('two looks at once would open an issue each: one waits', () => {
    expect(drift.jobs.drift!.concurrency).toEqual({
      group: 'fleet-drift',
      'cancel-in-progress': false,
    });
  });

  test('no deployment is lost: only what deploys waits, and the newest deploys all', () => {
    // One of the workflow's own would cancel a deployment that waits, for a run that deploys nothing.
    expect(apply.concurrency).toBeUndefined();
    expect(apply.jobs.apply!.concurrency).toEqual({
      group: 'fleet-apply',
      'cancel-in-progress': false,
    });
    for (const { concurrency, jobs } of [plan, drift])
      expect(JSON.stringify([concurrency, jobs])).not.toContain('fleet-apply');
  });

  test('what Nix evaluates of a pull request is in a job of its own', () => {
    const commands = Object.entries(plan.jobs).map(([name, { steps }]) => [
      name,
      steps.map((step) => step.with?.command).filter(Boolean),
    ]);
    expect(Object.fromEntries(commands)).toEqual({ plan: ['plan'], build: ['build'] });
    expect(JSON.stringify(plan.jobs.plan)).not.toContain('nix-action');
  });
});

describe('the build', () => {
  const arm = { name: 'hv2', system: 'aarch64-linux' } as const;
  const jobs = (hypervisors: Pipeline['hypervisors']) =>
    Object.entries(written({ hypervisors }).plan.jobs).flatMap(([name, job]) =>
      name === 'plan' ? [] : [[name, job['runs-on'], job.steps.at(-1)?.with?.on]],
    );

  test('is on a machine of the system that is built for', async () => {
    expect(jobs(hypervisors)).toEqual([['build', 'ubuntu-latest', undefined]]);
    expect(jobs([arm])).toEqual([['build', 'ubuntu-24.04-arm', undefined]]);
    expect(jobs([arm, ...hypervisors, { ...arm, name: 'hv3' }])).toEqual([
      ['build-aarch64-linux', 'ubuntu-24.04-arm', 'hv2,hv3'],
      ['build-x86_64-linux', 'ubuntu-latest', 'hv1'],
    ]);
    for (const [path, text] of workflows({ ...pipeline, hypervisors: [arm, ...hypervisors] }))
      expect(await lintWorkflow(path, text)).toEqual([]);
  });
});

test('Forgejo cuts off no deployment when another one is pushed', () => {
  // It knows no concurrency of jobs, and without any it cancels what runs.
  const { apply } = written({ forge: 'forgejo' });
  expect(apply.concurrency).toEqual({ group: 'fleet-apply', 'cancel-in-progress': false });
});

test('actionlint finds what is wrong', async () => {
  const text = workflows(pipeline).get('.github/workflows/fleet-apply.yaml')!;
  const wrong = text.replace('contents: write', 'contents: all').replace('fetch-depth', 'depth');
  expect(await lintWorkflow('x.yaml', wrong)).toHaveLength(2);
});
