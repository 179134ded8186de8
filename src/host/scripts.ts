import { readFileSync } from 'node:fs';

/** The shell that runs on a hypervisor: src/host/scripts/NAME.sh, each behind lib.sh. */
export type ScriptName =
  | 'access'
  | 'arm'
  | 'await-steps'
  | 'back'
  | 'begin'
  | 'bridges'
  | 'build'
  | 'checkout'
  | 'disarm'
  | 'end'
  | 'facts'
  | 'generations'
  | 'guest-run'
  | 'hold'
  | 'introduce'
  | 'lock-inputs'
  | 'receive'
  | 'record'
  | 'step'
  | 'stop-steps'
  | 'switch'
  | 'vm-aside'
  | 'vm-create'
  | 'vm-join'
  | 'vm-return'
  | 'vm-set'
  | 'vm-start'
  | 'vm-stop'
  | 'vm-update';

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
  return `${read('lib')}\n${read(name)}`;
}

/** A script as step.sh takes it: it looks for the end, lest a cut link makes an empty step. */
export function stepScript(name: ScriptName): string {
  return asStep(script(name));
}

/** Any shell text as a step. */
export function asStep(text: string): string {
  return `${text}\n# end of step\n`;
}
