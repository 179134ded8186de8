// `fleet status` over 100 real sshd addresses against Debian's `pssh` running `true` on them.
import { withHosts } from './hosts.ts';
import { inTurn, show } from './measure.ts';

const count = Number(process.argv[2] ?? 100);
const rounds = Number(process.argv[3] ?? 5);

await withHosts(count, (hosts) => {
  const [status, pssh] = inTurn(rounds, [() => hosts.fleet('status'), hosts.pssh]);
  if (!status || !pssh) return;
  console.log(show(`fleet status, ${count} hypervisors`, status));
  console.log(show('pssh true', pssh));
  console.log(`ratio: ${(status.median / pssh.median).toFixed(2)} (at most 1.5)`);
});
