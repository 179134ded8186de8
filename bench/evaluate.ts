/**
 * What build.sh holds of memory with N targets whose evaluation holds 300 MiB each, against one evaluator for all of
 * them, which sets nothing free. Needs Nix, root and Linux (a mount namespace has /var/lib to itself).
 *
 *     sudo node bench/evaluate.ts [TARGETS] [JOBS]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { script } from '../src/host/scripts.ts';

const [targets = 8, jobs = 2] = process.argv.slice(2).map(Number);
const dir = mkdtempSync(join(tmpdir(), 'fleet-bench-'));
const repo = join(dir, 'repo');
const names = Array.from({ length: targets }, (_, i) => `vm${i}`);

mkdirSync(repo);
mkdirSync(join(dir, 'lib/fleet/deployments/d1/roots'), { recursive: true });
writeFileSync(
  join(repo, 'flake.nix'),
  `{
  outputs = { self }: {
    nixosConfigurations = builtins.listToAttrs (map (n: {
      name = "vm\${toString n}";
      value = rec {
        kept = builtins.genList (i: { a = i + n; }) 1200000;
        sum = builtins.foldl' (s: x: s + x.a) 0 kept;
        config.microvm.declaredRunner = derivation {
          name = "runner-\${toString n}-${Date.now()}";
          system = builtins.currentSystem or "${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux";
          builder = "/bin/sh";
          args = [ "-c" "echo \${toString sum} > $out" ];
        };
      };
    }) (builtins.genList (n: n) ${targets}));
  };
}
`,
);
const git = (...args: string[]) =>
  execFileSync('git', ['-C', repo, '-c', 'user.name=b', '-c', 'user.email=b@b', ...args]);
git('init', '-q');
git('add', '-A');
git('commit', '-qm', 'bench');

/** KiB that all processes called nix hold now. */
function held(): number {
  let sum = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (!/^Name:\tnix$/m.test(status)) continue;
      sum += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
    }
  }
  return sum;
}

/** Runs a shell text; seconds, and the most that was held, in MiB. */
async function measured(text: string, ...args: readonly string[]): Promise<[number, number]> {
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, held());
  }, 50);
  const started = performance.now();
  const env = {
    ...process.env,
    HOME: mkdtempSync(join(dir, 'home-')),
    // Nothing is fetched, and what is built needs no user of its own.
    NIX_CONFIG:
      'experimental-features = nix-command flakes\nbuild-users-group =\nsubstituters =\nsandbox = false',
  };
  const child = spawn('unshare', ['--mount', 'sh', '-c', text, 'sh', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`ended with ${code}`);
  return [(performance.now() - started) / 1000, most / 1024];
}

try {
  const attribute = (name: string) =>
    `git+file://${repo}#nixosConfigurations.${name}.config.microvm.declaredRunner`;
  const lib = `mount --bind ${join(dir, 'lib')} /var/lib; {`;
  const runs: Record<string, [number, number]> = {
    'one evaluator': await measured('nix build --no-link "$@"', ...names.map(attribute)),
  };
  for (const number of new Set([1, jobs])) {
    const args = ['d1', repo, String(number), ...names.map((name) => `vm:${name}`)];
    const text = `${lib} ${script('build')}\n}`;
    runs[`build.sh, ${number} at a time`] = await measured(text, ...args);
  }
  for (const [name, [seconds, mebibytes]] of Object.entries(runs))
    console.log(`${name.padEnd(24)} ${seconds.toFixed(1)} s  ${Math.round(mebibytes)} MiB`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
