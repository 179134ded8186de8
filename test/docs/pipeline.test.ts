import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { valid } from '../cli/fleet.ts';
import { pages, root } from './pages.ts';

// What docs/ci.md has a reader type, from a checkout of fleet to the variable that switches deployments on. Not as it
// stands there: GitHub is a bare repository and a gh that notes what it is told; npm ci has been typed already.

const page = pages.find(({ path }) => path === 'docs/ci.md')!;
const typed = page.codes.filter(({ language }) => language === '').map(({ text }) => text);
const hostKey = '203.0.113.20 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4';

test('whoever types what the page says has workflows that name the Action, which has its bundle, a key and known hosts at GitHub', {
  timeout: 360_000,
}, () => {
  const home = mkdtempSync(join(tmpdir(), 'fleet-pipeline-'));
  try {
    const at = (path: string) => join(home, path);
    const read = (path: string) => readFileSync(at(path), 'utf8');
    for (const path of ['bin', 'checkout', 'infra', 'release', '.ssh']) mkdirSync(at(path));
    const needed = ['.gitignore', 'action.yml', 'package.json', 'package-lock.json'];
    for (const path of [...needed, 'schemas', 'scripts', 'src'])
      cpSync(root + path, at(`checkout/${path}`), { recursive: true });
    symlinkSync(`${root}node_modules`, at('checkout/node_modules'));
    writeFileSync(at('infra/fleet.yaml'), valid.replace('127.0.0.1:9', '203.0.113.20'));
    const other = hostKey.replace('.20', '.21');
    writeFileSync(at('.ssh/known_hosts'), `${other}\n${hostKey}\n`);
    // A release, which knows its Action: .github/workflows/release.yml has npm write that.
    cpSync(`${root}dist`, at('release/dist'), {
      recursive: true,
      filter: (path) => !path.endsWith('.map'),
    });
    symlinkSync(`${root}node_modules`, at('release/node_modules'));
    const fleet = { action: `example/fleet@${'1a'.repeat(20)} # action-v9.8.7` };
    const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    writeFileSync(at('release/package.json'), JSON.stringify({ ...manifest, fleet }));
    const programs = {
      fleet: `exec '${process.execPath}' '${at('release/dist/main.js')}' "$@"`,
      // It looks for known_hosts where the user database says that home is.
      'ssh-keygen': `[ "$1" != -F ] || set -- "$@" -f "$HOME/.ssh/known_hosts"
PATH=\${PATH#*:} exec ssh-keygen "$@"`,
      gh: `{ echo "gh $*"; [ "$1" = api ] || cat; } >>"$HOME/told"`,
    };
    for (const [name, does] of Object.entries(programs))
      writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
    symlinkSync(process.execPath, at('bin/node'));

    const asHere: readonly (readonly [string, string])[] = [
      ['npm ci && ', ''],
      ['git@github.com:OWNER/NAME.git', at('remote.git')],
      ['OWNER/NAME@COMMIT', 'example/fleet@$(git -C ~/checkout rev-parse HEAD)'],
    ];
    for (const [from] of asHere) expect(typed.join('\n'), from).toContain(from);
    const [first, ...rest] = typed.map((text) =>
      asHere.reduce((text, [from, to]) => text.replaceAll(from, to), text),
    );
    const env = {
      ...{ HOME: home, PATH: `${at('bin')}:${process.env.PATH}`, NO_COLOR: '1' },
      ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
      ...{ GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' },
      ...{ GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.org' },
    };
    const sh = (text: string) =>
      execFileSync('sh', ['-ec', text], { cwd: home, env, encoding: 'utf8', stdio: 'pipe' });
    sh(`git init -q --bare remote.git
for repo in checkout infra; do git -C $repo init -q -b main; git -C $repo commit -q --allow-empty -m start; done`);
    const said = sh(`cd checkout\n${first}`);

    const files = sh('git -C remote.git ls-tree -r --name-only main').split('\n');
    for (const path of ['action.yml', 'action/main.js', 'action/post.js', 'action/fleet/main.js'])
      expect(files).toContain(path);
    const commit = sh('git -C remote.git rev-parse main').trim();
    expect(said).toContain(commit);
    const named = () =>
      ['plan', 'apply', 'drift'].flatMap((name) =>
        read(`infra/.github/workflows/fleet-${name}.yaml`).match(/uses: example\/fleet@.*/g),
      );
    const uses = `uses: example/fleet@${commit}`;
    // The second of fleet-plan is that of its build.
    expect(named()).toEqual([uses, uses, uses, uses]);

    sh(`rm -r infra/.github; cd infra\n${rest.join('\n')}`);
    expect(new Set(named())).toEqual(new Set([`uses: ${fleet.action}`]));

    const told = read('told');
    for (const name of ['fleet', 'fleet-drift']) {
      const path = `repos/{owner}/{repo}/environments/${name}`;
      const policies = ['protected_branches]=false', 'custom_branch_policies]=true'];
      const more = policies.map((one) => `-F deployment_branch_policy[${one}`).join(' ');
      expect(told).toContain(`gh api -X PUT ${path} ${more}\n`);
      expect(told).toContain(`gh api -X POST ${path}/deployment-branch-policies -f name=main\n`);
      expect(told).toContain(
        `gh secret set FLEET_SSH_KEY --env ${name}\n-----BEGIN OPENSSH PRIVATE KEY-----\n`,
      );
    }
    expect(told).toMatch(new RegExp(`^gh variable set FLEET_KNOWN_HOSTS\n${hostKey}\n$`, 'm'));
    expect(existsSync(at('fleet-ci'))).toBe(false);
    expect(read('fleet-ci.pub')).toMatch(/^ssh-ed25519 \S+ fleet-ci\n$/);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
