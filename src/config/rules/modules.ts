import type { Finding, Path } from '../finding.ts';
import { quote } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** Hand-written Nix is in the repository: nothing else is there when a hypervisor builds. */
export function* modules(draft: Draft): Iterable<Finding> {
  const { layers, hypervisors, vms, yaml } = draft;
  const machines = [...hypervisors.keys(), ...vms.keys()];
  const ours = new Set(['flake.nix', ...['', ...machines].flatMap(renderedIn)]);
  for (const { path, settings } of layers) yield* check(settings.modules, path, ours);
  for (const { path, yaml } of hypervisors.values()) yield* check(yaml.modules, path, ours);
  const outputs = yaml.flake?.outputs;
  if (outputs === undefined) return;
  const isFlake = modulePath(outputs) === 'flake.nix';
  const problem = isFlake ? 'is the file that imports it' : problemWith(outputs);
  if (problem) yield finding(outputs, problem, ['flake', 'outputs'], './nix/outputs.nix');
}

/** What imports a machine's modules would import itself. */
const renderedIn = (machine: string): string[] =>
  [`hosts/${machine}`, `hosts/${machine}/default.nix`].map(modulePath);

function* check(
  list: readonly string[] | undefined,
  path: Path,
  ours: ReadonlySet<string>,
): Iterable<Finding> {
  for (const [i, text] of (list ?? []).entries()) {
    const at = [...path, 'modules', i];
    if (ours.has(modulePath(text))) {
      const message = `${quote(text)} is rendered by fleet, and would import itself`;
      yield { code: 'E507', path: at, message, hint: 'leave it out: it is there already' };
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

/** A module as the Fleet holds it: without `./` and double or trailing slashes. */
export function modulePath(text: string): string {
  return text
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
