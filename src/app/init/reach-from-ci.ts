import { stringify } from 'yaml';
import type { DeskTools } from '../../host/desk.ts';
import { FleetError } from '../../model/errors.ts';
import type { SshTarget } from '../../model/fleet.ts';
import { parseSshTarget } from '../../model/ssh-target.ts';

/** How a destination reads to who has no ~/.ssh/config. */
interface SpelledOut {
  readonly target: SshTarget;
  /** It is as good there as here. */
  readonly isSame: boolean;
  /** By a ProxyCommand, which fleet.yaml cannot say. */
  readonly hasCommand: boolean;
}

/**
 * A runner has no ~/.ssh/config: what only this desk's says of a destination has to be in fleet.yaml.
 * @throws FleetError `ci.ssh-config`, with every such destination and what to write instead; `ssh.*`
 */
export async function requireReachFromCi(
  desk: DeskTools,
  hypervisors: readonly { readonly name: string; readonly ssh: SshTarget }[],
): Promise<void> {
  const problems: string[] = [];
  const fixes: string[] = [];
  for (const { name, ssh } of hypervisors) {
    const { target, isSame, hasCommand } = await spellOut(desk, ssh);
    if (isSame) continue;
    problems.push(`${name} (${written(ssh)})`);
    fixes.push(
      hasCommand
        ? `${name}: it is reached by a ProxyCommand, which fleet.yaml cannot say: name a jump host, or have a runner of your own that reaches it.`
        : `${name}: { ssh: ${written(target)} }`,
    );
  }
  if (problems.length === 0) return;
  throw new FleetError(
    'ci.ssh-config',
    `a runner has no ~/.ssh/config, and without this desk’s it would not reach ${problems.join(', ')}`,
    { hint: `In fleet.yaml, under hypervisors:\n${fixes.join('\n')}`, blames: 'user' },
  );
}

async function spellOut(desk: DeskTools, ssh: SshTarget): Promise<SpelledOut> {
  const [here, there] = await Promise.all([desk.wayTo(ssh), desk.wayTo(ssh, 'no-config')]);
  const hops = await Promise.all(
    (here.jump?.split(',') ?? []).map(async (text) => {
      const hop = parseSshTarget(text);
      return 'problem' in hop ? undefined : spellOut(desk, hop);
    }),
  );
  const { hostname: host, port, user } = here;
  const jump = hops.map((hop, i) => (hop ? written(hop.target) : here.jump!.split(',')[i]));
  return {
    target: {
      host,
      user,
      ...(port !== 22 && { port }),
      ...(jump.length > 0 && { jump: jump.join(',') }),
    },
    isSame:
      ssh.user !== undefined &&
      (['hostname', 'user', 'port', 'jump', 'isProxied'] as const).every(
        (key) => here[key] === there[key],
      ) &&
      hops.every((hop) => hop?.isSame ?? true),
    hasCommand: (here.isProxied && jump.length === 0) || hops.some((hop) => hop?.hasCommand),
  };
}

/** As in fleet.yaml: on one line. */
function written(target: SshTarget): string {
  const { host, jump, port, user } = target;
  if (jump !== undefined) {
    return stringify(target, { collectionStyle: 'flow', lineWidth: 0 }).trim();
  }
  const at = user === undefined ? '' : `${user}@`;
  return `${at}${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`;
}
