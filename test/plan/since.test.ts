import { expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { type Filed, since } from '../../src/plan/since.ts';
import { planMarkdown } from '../../src/report/plan-markdown.ts';
import { planText } from '../../src/report/plan-text.ts';
import { noStyle } from '../../src/report/style.ts';
import { head, index, twoHypervisors } from './situation.ts';

const web1 = 'web1: { on: hv1, network: front, address: 10.1.0.2,';
const withWeb1 = (fields: string) => twoHypervisors.replace(web1, `${web1} ${fields},`);

/** A fleet whose machines have these fingerprints; all others one that never changes. */
function filed(yaml: string, prints: Record<string, string> = {}): Filed {
  const of = index(yaml);
  const names = [...of.hypervisors.keys(), ...of.vms.keys()];
  return { index: of, fingerprints: new Map(names.map((name) => [name, prints[name] ?? 'same'])) };
}

const between = (then: Filed, now: Filed) =>
  since(head, then, now).machines.map(
    ({ changes, hypervisor, kind, restarts, target }) =>
      `${hypervisor} ${kind} ${target} [${changes.map(({ field, from, to }) => `${field} ${from}→${to}`)}] ${restarts}`,
  );

test('nothing has changed since the same files', () => {
  expect(between(filed(twoHypervisors), filed(twoHypervisors))).toEqual([]);
});

test('a field of a vm, from what to what, and that it restarts', () => {
  const now = filed(withWeb1('memory: 3GiB'), { web1: 'new' });
  expect(between(filed(withWeb1('memory: 1GiB')), now)).toEqual([
    'hv1 change web1 [memory 1GiB→3GiB] certainly',
  ]);
});

test('a field that is in no guest restarts nothing', () => {
  expect(
    between(filed(withWeb1('autostart: always')), filed(withWeb1('autostart: never'))),
  ).toEqual(['hv1 change web1 [autostart always→never] no']);
});

test('another file that a vm is built from may restart it, and so may inputs that are not locked yet', () => {
  const [then, now] = [filed(twoHypervisors), filed(twoHypervisors, { web1: 'new' })];
  expect(between(then, now)).toEqual(['hv1 change web1 [] perhaps']);
  expect(between(then, { ...now, fingerprints: undefined })).toContain(
    'hv1 change web1 [] perhaps',
  );
});

test('vms that come, go and move, and a hypervisor that comes and goes', () => {
  const two = filed(twoHypervisors);
  expect(between(two, filed(twoHypervisors.replaceAll('web1', 'web9')))).toEqual([
    'hv1 add web9 [] no',
    'hv1 remove web1 [] no',
  ]);
  const moved = filed(twoHypervisors.replace('web2: { on: hv2', 'web2: { on: hv1'));
  expect(between(moved, two)).toEqual(
    expect.arrayContaining(['hv2 add web2 [] no', 'hv1 remove web2 [] no']),
  );
  const one = filed(twoHypervisors.replaceAll('hv2', 'hv3'));
  expect(between(two, one)).toEqual(
    expect.arrayContaining(['hv3 add hv3 [] no', 'hv2 remove hv2 [] no']),
  );
});

test('is told as computed from files alone, in words and in Markdown, also where no file is to be rendered', () => {
  const now = filed(withWeb1('memory: 3GiB'), { web1: 'new', db1: 'new' });
  const plan: Plan = {
    ...{ version: 1, fleet: 'example', files: [], hypervisors: [], warnings: [], problems: [] },
    since: since(head, filed(withWeb1('memory: 1GiB')), now),
  };
  const shown = { diffs: true, offline: true };
  expect(planText(plan, noStyle, shown)).toMatchInlineSnapshot(`
    "hv1  since aaaaaaaa, as far as files tell
      ~ db1   another file that it is built from has changed
      ~ web1  changed
              memory 1GiB → 3GiB: restarts

    Plan: no file to render. Hypervisors were not asked.
    As far as files tell, since aaaaaaaa: 2 changed.
    Restarts: web1; may restart, if the build gives another runner: db1.
    "
  `);
  expect(planMarkdown(plan, shown)).toMatchInlineSnapshot(`
    "**Plan: no file to render. Hypervisors were not asked.**

    As far as files tell, since aaaaaaaa: 2 changed.

    Restarts: web1; may restart, if the build gives another runner: db1.

    #### hv1, since \`aaaaaaaa\`, as far as files tell

    - **db1** another file that it is built from has changed
    - **web1** changed
      - \`memory\` \`1GiB\` → \`3GiB\`: **restarts**
    "
  `);
  const none = { ...plan, since: { commit: head, machines: [] } };
  expect(planText(none, noStyle, shown)).toMatchInlineSnapshot(`
    "No changes. Hypervisors were not asked.
    As far as files tell, since aaaaaaaa: no machine changes.
    "
  `);
});
