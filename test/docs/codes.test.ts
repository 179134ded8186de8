import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explainNix } from '../../src/config/nix-errors.ts';
import { readFleet } from '../../src/config/read-fleet.ts';
import { spoolKinds } from '../../src/model/spool-event.ts';
import type { BuildDocument, ValidateDocument } from '../../src/report/json/index.ts';
import { pages, root } from './pages.ts';

const shape = '[a-z]+(?:-[a-z]+)*\\.[a-z]+(?:-[a-z]+)*';
/** What has the shape of a code and is none of a document: files, units, options of NixOS and git; what the Action alone says. */
const isOther = (text: string): boolean =>
  /\.(nix|ya?ml|json|lock|md|txt|com|service|timer|target)$/.test(text) ||
  /^(action|commander|microvm|networking|environment|systemd|user|remote\.git)\b/.test(text);

const read = (pattern: string, without: RegExp) =>
  globSync(pattern, { cwd: root })
    .filter((file) => !without.test(file))
    .map((file) => readFileSync(root + file, 'utf8'))
    .join('\n');
const code = read('src/**/*.ts', /^src\/(action|sandbox|demo)\//);
const scripts = read('src/host/scripts/*.sh', /^$/);
const all = new Set([
  ...[...code.matchAll(new RegExp(`'(${shape})'`, 'g'))].map(([, found = '']) => found),
  ...[...scripts.matchAll(new RegExp(`(?:die|refuse_open) (${shape})`, 'g'))].map(
    ([, found = '']) => found,
  ),
]);

const textOf = (path: string) => pages.find((page) => page.path === path)?.text ?? '';
const rows = (text: string) =>
  [...text.matchAll(/^\| (`.*?) \| (.+) \|$/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, found = '']) => found),
  );
const listed = rows(textOf('docs/codes.md'));
/** Kinds of events look like codes; `gc.failed` is both. */
const isKind = (text: string) =>
  (spoolKinds as readonly string[]).includes(text) && !listed.includes(text);
const given = [...all].filter((text) => !isOther(text) && !isKind(text));

test('every code that fleet gives, also of a drift, is on the page of codes, once, and no other is', () => {
  expect(given.length).toBeGreaterThan(200);
  const isListed = (one: string) =>
    listed.includes(one.endsWith('.unreadable') ? '….unreadable' : one) || listed.includes(one);
  expect(given.filter((one) => !isListed(one))).toEqual([]);
  expect(listed.filter((one, at) => listed.indexOf(one) !== at)).toEqual([]);
  const { Drift } = (
    JSON.parse(readFileSync(`${root}schemas/documents.schema.json`, 'utf8')) as {
      definitions: { Drift: { properties: { code: { enum: string[] } } } };
    }
  ).definitions;
  expect(Drift.properties.code.enum.filter((one) => !listed.includes(one))).toEqual([]);
  const isGiven = (one: string) =>
    one.startsWith('…') || (one.includes('.') ? given.includes(one) : code.includes(`'${one}'`));
  expect(listed.filter((one) => !isGiven(one))).toEqual([]);
});

test('examples of documents and events have codes that there are, and for diagnostics what they mean', () => {
  const diagnostics = rows(textOf('docs/diagnostics.md'));
  const examples = pages
    .filter(({ path }) => ['docs/json.md', 'docs/events.md'].includes(path))
    .flatMap(({ codes }) => codes)
    .filter(({ language }) => language === 'json');
  const found = examples.flatMap(({ where, text }) =>
    [...text.matchAll(/"code": ?"([^"]+)"/g)].map(([, code = '']) => ({ where, code })),
  );
  expect(found.length).toBeGreaterThan(5);
  const wrong = found.filter(
    ({ code: one }) =>
      !(one.includes('.') || /^[A-Z]/.test(one)
        ? listed.includes(one) || diagnostics.includes(one)
        : code.includes(`'${one}'`)),
  );
  expect(wrong).toEqual([]);
});

const json = textOf('docs/json.md');
const example = <Kind extends BuildDocument | ValidateDocument>(kind: Kind['kind']): Kind => {
  const block = new RegExp(`^## ${kind}$[\\s\\S]*?^\`\`\`json\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(
    json,
  );
  return JSON.parse(block?.[1] ?? '') as Kind;
};
const head = `version: 1
name: example
hypervisors:
  hv1: { ssh: root@hv1, system: x86_64-linux, stateVersion: "25.11" }
networks:
  front: { subnet: 10.1.0.0/24, nat: false }
vms:
`;

test('the example of validate is what fleet finds', () => {
  const text = `${head}  web1: { on: hv1, network: frnt }\n`;
  const read = readFleet(text, 'fleet.yaml');
  expect('diagnostics' in read && read.diagnostics).toEqual(
    example<ValidateDocument>('validate').diagnostics,
  );
});

test('so is that of build', () => {
  const text = `${head}  web1:
    on: hv1
    network: front
    packages: [htpo]
`;
  const read = readFleet(text, 'fleet.yaml');
  const { fleet } = 'fleet' in read ? read : expect.fail(JSON.stringify(read));
  const { machines, diagnostics } = example<BuildDocument>('build');
  const { failure } = machines[1] ?? expect.fail('no machine failed');
  const failed = { kind: 'vm', name: 'web1', said: [failure?.detail ?? ''] } as const;
  const found = explainNix(text, fleet, failed, 'fleet.yaml');
  expect([found]).toEqual(diagnostics);
  expect(failure).toMatchObject({ code: found.code, message: found.message });
});
