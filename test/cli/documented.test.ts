import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const entry = process.env.FLEET_ENTRY ?? fileURLToPath(new URL('dist/main.js', root));
const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

interface Mention {
  readonly where: string;
  readonly command: string;
  readonly options: readonly string[];
}

/** Commands in what is set as code: in a fence or indented, behind a prompt or not, or in a line. */
function mentions(file: string): Mention[] {
  let isFence = false;
  return readFileSync(new URL(file, root), 'utf8')
    .split('\n')
    .flatMap((line, i): Mention[] => {
      if (line.startsWith('```')) {
        isFence = !isFence;
        return [];
      }
      const code =
        isFence || line.startsWith('    ')
          ? [line.replace(/^\s*(\$ )?/, '')]
          : [...line.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
      return code.flatMap((text) => {
        // An option of a whole program, as in `fleet -C DIR plan`, may come first.
        const [, command, rest = ''] =
          /^(?:.* )?fleet (?:-\S+ \S+ )*([a-z]+)\b([^#]*)/.exec(text) ?? [];
        if (command === undefined || !/^(.* -- )?fleet /.test(text)) return [];
        const options = [...rest.matchAll(/(?<![\w-])--?[a-z][a-z-]*/gi)].map(([name]) => name);
        return [{ where: `${file}:${i + 1}`, command, options }];
      });
    });
}

const help = async (...command: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [entry, ...command, '--help'])).stdout;
const named = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^ {2}-/.test(line))
    .flatMap((line) => [...line.slice(0, 40).matchAll(/(?<![\w-])--?[a-zA-Z][a-z-]*/g)])
    .map(([name]) => name);

describe('what README and docs tell a reader to type', () => {
  const all = pages.flatMap(mentions);
  const known = new Map<string, ReadonlySet<string>>();
  beforeAll(async () => {
    const own = await help();
    const commands = [...own.slice(own.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)];
    const common = named(own);
    for (const [, command = ''] of commands) {
      if (!all.some((mention) => mention.command === command)) continue;
      known.set(command, new Set([...common, ...named(await help(command))]));
    }
  });

  it('are commands and options that fleet has', () => {
    expect(all.length).toBeGreaterThan(60);
    const wrong = all.flatMap(({ where, command, options }) => {
      const own = known.get(command);
      if (!own) return [`${where}: fleet ${command}`];
      return options
        .filter((option) => !own.has(option))
        .map((option) => `${where}: fleet ${command} ${option}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has every command at least once in README', () => {
    const inReadme = new Set(mentions('README.md').map(({ command }) => command));
    expect([...known.keys()].filter((command) => !inReadme.has(command))).toEqual([]);
  });
});
