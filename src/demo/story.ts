import { exitCodes } from '../model/errors.ts';
import type { DemoWorld } from './world.ts';

/** Who is told the story. */
export interface Audience {
  /** A line of its own, above what follows. */
  heading(text: string): void;
  write(text: string): void;
  /** Aborted when they have seen enough: nothing more is begun or told. */
  readonly signal: AbortSignal;
}

/**
 * What the demo shows, by fleet's own commands: a first deployment, one with nothing to do, one that fails and is
 * rolled back, and a roll-back that is asked for.
 * @returns whether every command ended as it should
 */
export async function tellStory(world: DemoWorld, audience: Audience): Promise<boolean> {
  const { signal } = audience;
  let isWell = true;
  const say = (text: string) => {
    if (!signal.aborted) audience.heading(text);
  };
  const fleet = async (args: readonly string[], expected: number = exitCodes.ok) => {
    if (signal.aborted) return;
    audience.write(`$ fleet ${args.join(' ')}\n`);
    const code = await world.fleet(args);
    if (signal.aborted) return;
    if (expected !== exitCodes.ok) audience.write(`(exit ${code})\n`);
    if (code === expected) return;
    isWell = false;
    audience.write(`expected exit ${expected}, got ${code}\n`);
  };
  const htop = (text: string) => text.replace('  web1:\n', '  web1:\n    packages: [htop]\n');
  const mute = (text: string) =>
    text.replace('  web2:\n', '  web2:\n    config: { boot.kernelParams: [lab.mute] }\n');

  say(
    'Three pretend hypervisors: ssh, git and the scripts are real; systemd, Nix and guests are not.',
  );
  await world.start(['hv1', 'hv2', 'hv3']);
  say('A fleet.yaml with five vms. What would apply do?');
  await fleet(['plan', '--no-diff']);
  say('Do it: commit, push, build, switch, start one guest after another, look at each.');
  await fleet(['apply', '--yes']);
  say('Again: a healthy guest on the right runner is never touched.');
  await fleet(['apply', '--yes']);
  say('A bad change: a package for web1, and web2 that will never answer.');
  world.edit((text) => mute(htop(text)));
  await fleet(['apply', '--yes'], exitCodes.rolledBack);
  say('The commit was reverted, here and at the remote. Once more, without the mistake.');
  world.edit(htop);
  await fleet(['apply', '--yes']);
  say('What was deployed so far, and a vm returned to what it was before its last change.');
  await fleet(['history', 'web1']);
  await fleet(['rollback', 'web1', '--yes']);
  await fleet(['plan', '--no-diff']);
  return isWell && !signal.aborted;
}
