import { Unreadable } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { greeting, type ScriptName } from '../scripts.ts';

// Every answer begins with the name of its script and the version of its format.

const anyGreeting = /^fleet-[a-z]+(-[a-z]+)* (\d{1,6})$/;

/** Whether a line is such a greeting, which people need not see. */
export function isGreeting(line: string): boolean {
  return anyGreeting.test(line);
}

/** The answer without its greeting. @throws Unreadable `NAME.unreadable` if it is not the script's */
export function greeted(host: Host, name: ScriptName, answer: string): string {
  const end = answer.indexOf('\n');
  const first = end < 0 ? answer : answer.slice(0, end);
  if (first === greeting(name)) return answer.slice(first.length + 1);
  throw stranger(name, answer, first).of(host.name);
}

/** Checks that the answer of a step, which may contain other lines, has its greeting. @throws Unreadable */
export function requireGreeting(host: Pick<Host, 'name'>, name: ScriptName, answer: string): void {
  const lines = answer.split('\n');
  if (lines.includes(greeting(name))) return;
  const other = lines.find((line) => line.startsWith(`fleet-${name} `) && isGreeting(line));
  throw stranger(name, answer, other ?? '').of(host.name);
}

function stranger(name: ScriptName, answer: string, first: string): Unreadable {
  const [mine, theirs] = [greeting(name), first].map((line) => anyGreeting.exec(line)?.[2]);
  if (theirs !== undefined && first.startsWith(`fleet-${name} `))
    return new Unreadable(
      `${name}.unreadable`,
      answer,
      `${name} is answered in version ${theirs}, and this fleet reads ${mine}`,
      { hint: 'Update fleet.' },
    );
  return new Unreadable(`${name}.unreadable`, answer, `it does not begin as ${name} does`, {
    hint: 'Does a shell start-up file there print something, or end the session?',
  });
}
