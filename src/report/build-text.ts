import type { BuildResult, BuiltMachine } from '../model/build-result.ts';
import { quotedAfterFirst, quotedText } from '../model/plain-text.ts';
import { diagnosticsText } from './diagnostics-text.ts';
import type { Style } from './style.ts';
import { wrapHint } from './wrap.ts';

/** How many machines that failed are told of at length. */
const most = 8;

/** What does not build and why, by the lines that say it, with the last of what Nix said; then how much does. */
export function buildText(
  { machines, diagnostics, source }: BuildResult,
  style: Style,
  color: boolean,
): string {
  const failed = machines.filter(({ failure }) => failure);
  const placed = diagnostics.map((found) =>
    diagnosticsText([found], found.file === source.file ? source.text : '', { color }),
  );
  const said = new Set(diagnostics.map(({ message }) => message));
  const told = failed.slice(0, most).map((machine) => failedText(machine, said, style));
  if (failed.length > most)
    told.push(
      `Nor do these: ${failed
        .slice(most)
        .map(({ name }) => name)
        .join(', ')}\n`,
    );
  return [...placed, ...told, `${countText(machines, failed.length)}\n`].join('\n');
}

/** Where it was built. */
export const placeText = ({ at, hypervisor }: Pick<BuiltMachine, 'at' | 'hypervisor'>): string =>
  at === 'here' ? 'here' : `on ${hypervisor}`;

/** @param said messages that stand above it already */
function failedText(machine: BuiltMachine, said: ReadonlySet<string>, style: Style): string {
  const { name, attribute, failure } = machine;
  const where = placeText(machine);
  const lines = [
    `${style('bold', name)}  ${style('red', `does not build ${where}`)}: ${attribute}`,
  ];
  if (failure) {
    const isSaid = said.has(failure.message);
    if (!isSaid) lines.push(...indent(quotedAfterFirst(failure.message), 2));
    if (failure.detail)
      lines.push(...indent(quotedText(failure.detail), 4).map((line) => style('dim', line)));
    if (failure.hint && !isSaid) lines.push(`  ${wrapHint(failure.hint, 2)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** How many machines build, and where. */
export function countText(
  machines: readonly Pick<BuiltMachine, 'at' | 'hypervisor'>[],
  failed: number,
): string {
  const all = machines.length;
  if (all === 0) return 'Nothing to build.';
  if (failed > 0)
    return `${failed} of ${all} machine${all === 1 ? '' : 's'} ${failed === 1 ? 'does' : 'do'} not build.`;
  const here = machines.filter(({ at }) => at === 'here').length;
  const hypervisors = new Set(
    machines.filter(({ at }) => at === 'hypervisor').map(({ hypervisor }) => hypervisor),
  );
  const places = [
    ...(here > 0 ? ['here'] : []),
    ...[...hypervisors].sort().map((name) => `on ${name}`),
  ];
  return `${all} ${all === 1 ? 'machine builds' : 'machines build'} ${places.join(', ')}. Nothing that runs was touched.`;
}

const indent = (text: string, by: number): string[] =>
  text.split('\n').map((line) => `${' '.repeat(by)}${line}`);
