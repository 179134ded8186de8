import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { actions } from '../../src/init/ci/actions.ts';
import { workflows } from '../../src/init/ci/workflows.ts';
import { lintWorkflow } from '../lint-workflow.ts';
import { fleetCommands, objection } from './command-lines.ts';
import { pages, root } from './pages.ts';

const page = pages.find(({ path }) => path === 'docs/ci.md')!;
const examples = page.codes.filter(({ language }) => language === 'yaml').map(({ text }) => text);

test('the pipeline for GitLab types commands that fleet takes', () => {
  const gitlab = parse(examples.find((text) => text.startsWith('# .gitlab-ci.yml'))!);
  const lines = Object.values(gitlab as Record<string, { script?: string[] }>).flatMap(
    ({ script }) => script ?? [],
  );
  const commands = lines.flatMap((text) => fleetCommands({ text }));
  expect(commands.map(([name]) => name)).toEqual(['validate', 'plan', 'plan', 'apply', 'plan']);
  for (const words of commands) expect(objection(words)).toBeUndefined();
});

test('steps for an app fit into the workflow that init writes', async () => {
  const steps = examples.find((text) => text.includes('create-github-app-token'))!;
  const action = `example/microvm-fleet@${'1a'.repeat(20)}`;
  const pipeline = { branch: 'main', action, hypervisors: [], proposesReverts: false };
  const text = workflows({ forge: 'github', ...pipeline }).get(
    '.github/workflows/fleet-apply.yaml',
  )!;
  const checkout = / {6}- uses: actions\/checkout.*\n.*\n/;
  expect(text).toMatch(checkout);
  const changed = text.replace(checkout, () => `${steps}\n`);
  expect(parse(changed).jobs.apply.steps).toHaveLength(3);
  expect(await lintWorkflow('fleet-apply.yaml', changed)).toEqual([]);
  expect(steps).toContain(actions.checkout);
});

test('actions are of the same commit here, in what init writes and in our own workflows', () => {
  for (const name of ['docs/ci.md', '.github/workflows/ci.yml', '.github/workflows/release.yml']) {
    const known: readonly string[] = Object.values(actions);
    for (const [pinned] of readFileSync(root + name, 'utf8').matchAll(/actions\/[a-z-]+@.*/g))
      if (known.some((one) => one.split('@')[0] === pinned.split('@')[0]))
        expect(known).toContain(pinned);
  }
});
