// A no-op `fleet apply` over 50 real sshd addresses against Debian's `pssh` running `true` on them, and
// against `ansible-playbook` running the four commands of a deployment by hand: where, what, which, how.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withHosts } from './hosts.ts';
import { inTurn, once, show } from './measure.ts';

const count = Number(process.argv[2] ?? 50);
const rounds = Number(process.argv[3] ?? 9);

/** As it comes, or as kindly as it can be asked: no facts, all hosts at a time, nothing copied first. */
function playbook(folder: string, config: string, isKind: boolean): string[] {
  const commands = ['git rev-parse HEAD', 'ls /', 'readlink /bin', 'true'];
  const tasks = commands.map((command) => ({ 'ansible.builtin.command': command }));
  writeFileSync(
    join(folder, 'book.json'),
    JSON.stringify([{ hosts: 'all', gather_facts: !isKind, ignore_errors: true, tasks }]),
  );
  const forks = isKind ? ['-f', String(count)] : [];
  const args = ['-i', join(folder, 'hosts'), ...forks, `--ssh-common-args=-F ${config}`];
  return ['ansible-playbook', ...args, join(folder, 'book.json')];
}

await withHosts(count, (hosts) => {
  const { folder, config } = hosts;
  const noOp = () => hosts.fleet('apply', '--yes');
  const [apply, pssh, offline] = inTurn(rounds, [
    noOp,
    hosts.pssh,
    () => hosts.fleet('plan', '--offline'),
  ]);
  if (!apply || !pssh || !offline) return;
  console.log(show(`fleet apply, no-op, ${count} hypervisors`, apply));
  console.log(show('pssh true', pssh));
  console.log(show('fleet plan --offline, of that', offline));
  console.log(`ratio: ${(apply.median / pssh.median).toFixed(2)} (at most 1)`);
  const env = (pipelining: 'True' | 'False') => ({
    ...hosts.env,
    ANSIBLE_PIPELINING: pipelining,
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  });
  const [ansible, kind, again] = inTurn(3, [
    () => once(playbook(folder, config, false), env('False')),
    () => once(playbook(folder, config, true), env('True')),
    noOp,
  ]);
  if (!ansible || !kind || !again) return;
  console.log(show('ansible-playbook, four commands, as it comes', ansible));
  console.log(show('  asked as kindly as can be', kind));
  console.log(show('fleet apply between those', again));
  console.log(`ratio: ${(ansible.median / again.median).toFixed(1)} (at least 20)`);
});
