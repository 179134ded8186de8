import { defaultsPath, layersModulePath, profilePath } from '../../model/layers.ts';
import type { Finding, Path } from '../finding.ts';
import { quote } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** Modules have to be in the repository, because a hypervisor has nothing else when it builds. */
export function* modules(draft: Draft): Iterable<Finding> {
  const { layers, hypervisors, vms, yaml } = draft;
  const machines = [...hypervisors.keys(), ...vms.keys()];
  const parts = [
    layersModulePath,
    defaultsPath,
    ...Object.keys(yaml.profiles ?? {}).map(profilePath),
  ];
  const ours = new Map([
    ...parts.map((path) => [path, partOfVms] as const),
    ...['flake.nix', ...['', ...machines].flatMap(renderedIn)].map(
      (path) => [path, above] as const,
    ),
  ]);
  for (const { path, settings } of layers) yield* check(settings.modules, path, ours);
  for (const { path, yaml } of hypervisors.values()) yield* check(yaml.modules, path, ours);
  const outputs = yaml.flake?.outputs;
  if (outputs === undefined) return;
  const isFlake = modulePath(outputs) === 'flake.nix';
  const problem = isFlake ? 'is the file that imports it' : problemWith(outputs);
  if (problem) yield finding(outputs, problem, ['flake', 'outputs'], './nix/outputs.nix');
}

interface Ours {
  readonly problem: string;
  readonly hint: string;
}
const above: Ours = {
  problem: 'is rendered by fleet, and would import itself',
  hint: 'leave it out: it is there already',
};
const partOfVms: Ours = {
  problem: 'is rendered by fleet from defaults and profiles, and is no module',
  hint: 'give a module of your own another name',
};

/** Files that import the machine's modules: they would import themselves. */
const renderedIn = (machine: string): string[] =>
  [`hosts/${machine}`, `hosts/${machine}/default.nix`].map(modulePath);

function* check(
  list: readonly string[] | undefined,
  path: Path,
  ours: ReadonlyMap<string, Ours>,
): Iterable<Finding> {
  for (const [i, text] of (list ?? []).entries()) {
    const at = [...path, 'modules', i];
    const taken = ours.get(modulePath(text));
    if (taken) {
      const message = `${quote(text)} ${taken.problem}`;
      yield { code: 'E507', path: at, message, hint: taken.hint };
      continue;
    }
    const problem = problemWith(text);
    if (!problem) continue;
    yield finding(text, problem, at, './modules/postgres.nix');
  }
}

const finding = (text: string, problem: string, path: Path, example: string): Finding => ({
  code: 'E507',
  path,
  message: `${quote(text)} ${problem}`,
  hint: `write it from the top of the repository: ${example}`,
});

function problemWith(text: string): string | undefined {
  if (/^[/~]/.test(text)) return 'is outside of the repository';
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return 'leads upwards, out of the repository';
  if (parts.length === 0) return 'is the repository itself';
  if (parts[0] === '.git') return 'is not part of the repository';
  if (!parts.every((part) => /^[A-Za-z0-9._+-]+$/.test(part))) {
    return 'has characters that a Nix path cannot have';
  }
  const last = parts.at(-1)!;
  return last.includes('.') && !last.endsWith('.nix')
    ? 'is not a .nix file or a folder'
    : undefined;
}

/** The path of a module in the form that the Fleet has: without `./` and double or trailing slashes. */
export function modulePath(text: string): string {
  return text
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
