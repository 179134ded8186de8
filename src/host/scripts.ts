import { readFileSync } from 'node:fs';

/** The shell that runs on a hypervisor: src/host/scripts/NAME.sh, each behind lib.sh. */
export type ScriptName =
  | 'access'
  | 'back'
  | 'begin'
  | 'bridges'
  | 'build'
  | 'checkout'
  | 'confirm'
  | 'end'
  | 'facts'
  | 'failure'
  | 'follow'
  | 'generations'
  | 'guest-run'
  | 'history'
  | 'introduce'
  | 'lock-inputs'
  | 'reason'
  | 'receive'
  | 'renew'
  | 'repair'
  | 'resume'
  | 'runners'
  | 'step'
  | 'stop-build'
  | 'switch'
  | 'unlock'
  | 'vm-aside'
  | 'vm-create'
  | 'vm-join'
  | 'vm-return'
  | 'vm-set'
  | 'vm-start'
  | 'vm-stop'
  | 'vm-update'
  | 'way-back';

/** They know nothing of deployments; one of them runs on every hypervisor at every plan. */
const withoutDeployments = new Set<ScriptName>([
  'access',
  'facts',
  'generations',
  'guest-run',
  'introduce',
  'lock-inputs',
  'repair',
  'runners',
]);

const texts = new Map<string, string>();

function read(name: string): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(new URL(`./scripts/${name}.sh`, import.meta.url), 'utf8');
    texts.set(name, text);
  }
  return text;
}

/** The whole text of a script, ready to be sent. */
export function script(name: ScriptName): string {
  const libraries = withoutDeployments.has(name) ? ['lib'] : ['lib', 'deployments'];
  return [...libraries, name].map(read).join('\n');
}

/** A script as step.sh takes it: it looks for the end, lest a cut link makes an empty step. */
export function stepScript(name: ScriptName): string {
  return asStep(script(name));
}

/** Any shell text as a step. */
export function asStep(text: string): string {
  return `${text}\n# end of step\n`;
}
