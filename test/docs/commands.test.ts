import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { helpTexts, ownHelp } from '../../src/cli/help/texts.ts';
import { commandLines, fleetCommands, objection } from './command-lines.ts';
import { pages, root } from './pages.ts';

test('every fleet command that README and docs tell a reader to type is one that fleet takes', () => {
  const all = pages
    .flatMap(({ codes }) => codes)
    .flatMap((code) => fleetCommands(code).map((words) => ({ ...code, words })));
  expect(all.length).toBeGreaterThan(100);
  const wrong = all.flatMap(({ where, language, words }) => {
    const why = objection(words, language === undefined);
    return why === undefined ? [] : [`${where}: fleet ${words.join(' ')}: ${why}`];
  });
  expect(wrong).toEqual([]);
});

test('so is every example of --help and of the manual', () => {
  const lines = [ownHelp, ...Object.values(helpTexts)].flatMap(({ examples }) =>
    examples.map(([line]) => line),
  );
  const wrong = lines.filter((text) => {
    const found = fleetCommands({ text });
    return found.length === 0 || found.some((words) => objection(words) !== undefined);
  });
  expect(wrong).toEqual([]);
});

test('every npm script that they name is in package.json', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = pages
    .flatMap(({ codes }) => codes)
    .flatMap(({ where, text }) =>
      [...text.matchAll(/\bnpm run (?:-\S+ )*([\w:-]+)/g)].map(([, name = '']) => [where, name]),
    );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(([, name = '']) => !(name in scripts))).toEqual([]);
});

test('so is every chaos run that they name, with the options of its usage', () => {
  const usage = readFileSync(`${root}test/chaos/run.ts`, 'utf8');
  const known = [...usage.matchAll(/^\/\/ npm run chaos -- (\S+) (.*)$/gm)].flatMap(
    ([, names = '', options = '']) => names.split('|').map((name) => [name, options] as const),
  );
  const named = pages
    .flatMap(({ codes }) => codes)
    .flatMap(({ where, text }) =>
      [...text.matchAll(/\bnpm run chaos -- (\S+)([^#\n]*)/g)].map(
        ([, name = '', rest = '']) => [where, name, rest] as const,
      ),
    );
  expect(named.length).toBeGreaterThan(5);
  const wrong = named.filter(([, name, rest]) => {
    const [, options] = known.find(([one]) => one === name) ?? [];
    return (rest.match(/--\w+/g) ?? []).some((one) => !options?.includes(one)) || !options;
  });
  expect(wrong).toEqual([]);
});

test('what troubleshooting quotes of fleet is what fleet says', () => {
  const text = pages.find(({ path }) => path === 'docs/troubleshooting.md')?.text ?? '';
  const quoted = [...text.matchAll(/^\| [^|]*?"[^|]*\|/gm)].flatMap(([cell]) =>
    [...cell.matchAll(/"([^"]+)"/g)].map(([, words = '']) => words),
  );
  expect(quoted.length).toBeGreaterThan(8);
  const says = globSync('src/**/*.{ts,sh}', { cwd: root })
    .map((file) => readFileSync(root + file, 'utf8'))
    .join('\n');
  expect(quoted.filter((words) => !says.includes(words))).toEqual([]);
});

test('commands are found wherever a shell would run them, and nowhere else', () => {
  const found = (text: string, language = '') =>
    fleetCommands({ text, language }).map((words) => words.join(' '));
  expect(found('cd infra && fleet -C /x plan  # fleet apply\n\nfleet.yaml is a file')).toEqual([
    '-C /x plan',
  ]);
  expect(found('eval "$(fleet export kind --env)"; source <(fleet completion bash)')).toEqual([
    'completion bash',
    'export kind --env',
  ]);
  expect(found("fleet exec 'hv*' --stdin \\\n  -- tar x < f.tar")).toEqual([
    'exec hv* --stdin -- tar x',
  ]);
  expect(found('$ fleet plan\nfleet apply: not typed', 'console')).toEqual(['plan']);
  expect(found('fleet: plan', 'yaml')).toEqual([]);
  expect(commandLines('$ a\nb\n$ c', 'console')).toEqual(['a', 'c']);
});

test('what fleet would refuse is refused', () => {
  expect(objection(['plan', '--onn', 'hv1'])).toContain("unknown option '--onn'");
  expect(objection(['plann'])).toContain("unknown command 'plann'");
  expect(objection(['unlock'])).toContain('missing required argument');
  expect(objection(['unlock'], true)).toBeUndefined();
  expect(objection(['unlock', 'a', 'b'])).toContain('too many arguments');
  expect(objection(['logs', 'a', '--unit', 'nothing'])).toContain('Allowed choices');
  expect(objection(['ssh', 'hv1', '--', 'rm', '-rf', 'x'])).toBeUndefined();
  expect(objection(['plan', '--help'])).toBeUndefined();
});
