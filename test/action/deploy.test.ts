import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ActionFleet } from './fleet.ts';
import { FakeGitHub } from './github.ts';
import { removeTemporary } from './runner.ts';

describe('on a push to the branch', { timeout: 360_000 }, () => {
  let github: FakeGitHub;
  let fleet: ActionFleet;
  beforeAll(async () => {
    github = await FakeGitHub.start();
    fleet = await ActionFleet.start(github);
  }, 180_000);
  afterAll(async () => {
    await github.stop();
    await fleet.stop();
  });
  afterEach(removeTemporary);

  it('apply deploys, with folded groups, outputs and a summary; the key is nowhere afterwards', async () => {
    const environment = fleet.watchEnvironment();
    const { code, groups, log, outputs, raw, summary, temp } = await fleet.run('apply');
    expect(code, log).toBe(0);
    expect(groups).toEqual([
      'Look at hypervisors',
      'Lock',
      'Commit and push',
      'Build',
      'Activate and check',
      'Record in git',
    ]);
    expect(log).toContain('hv1: web1 healthy: ');
    const [commit, author] = (await fleet.desk.git('log', '-1', '--format=%H %an')).split(' ');
    expect(author).toBe('fleet');
    expect(outputs).toMatchObject({ changed: 'true', outcome: 'done', commit });
    expect(outputs.deployment).toMatch(/^\d{8}-\d{6}-[0-9a-f]{4}$/);
    expect(JSON.parse(readFileSync(outputs['plan-json'] ?? '', 'utf8'))).toMatchObject({
      kind: 'plan',
    });
    expect(summary).toContain('### fleet apply: done');
    expect(summary).toContain('#### hv1: ✅ done');
    expect(readdirSync(temp).map((name) => name.replace(/-\w+$/, ''))).toEqual(['fleet-plan']);
    const secrets = fleet.key
      .split('\n')
      .filter((line) => line.length > 20 && !line.startsWith('-'));
    expect(secrets.length).toBeGreaterThan(1);
    for (const text of [environment(), raw, summary, JSON.stringify(outputs)])
      for (const secret of [...secrets, 'workflow-token', 'runtime-token'])
        expect(text).not.toContain(secret);
    expect(environment()).not.toMatch(/^(INPUT|GITHUB_(OUTPUT|ENV|STATE)|ACTIONS)_?/m);
  });

  it("apply of what runs does nothing: fleet's own push, with an app's token, starts no loop", async () => {
    const refs = await fleet.desk.git('ls-remote', 'origin');
    const { code, log, outputs } = await fleet.run('apply', {
      payload: { sender: { type: 'Bot' } },
    });
    expect(await fleet.desk.git('ls-remote', 'origin')).toBe(refs);
    expect(code, log).toBe(0);
    expect(outputs).toMatchObject({ changed: 'false', outcome: 'no-changes' });
    expect(outputs.commit).toBeUndefined();
  });

  it('plan with build finds a misspelt package, by its line, before anything is deployed', async () => {
    fleet.desk.edit((d) => {
      d.vms.web1.packages = ['no-such-editor'];
    });
    const { annotations, code, log, outputs, summary } = await fleet.run('plan', {
      event: 'workflow_dispatch',
      with: { build: 'true' },
      env: { PATH: fleet.pathWithoutNix() },
    });
    expect(code, log).toBe(1);
    const lines = fleet.desk.read('fleet.yaml').split('\n');
    const line = String(lines.findIndex((text) => text.includes('no-such-editor')) + 1);
    expect(annotations).toMatchObject([
      { kind: 'error', file: 'fleet.yaml', line, title: 'fleet build.no-package' },
    ]);
    expect(outputs).toMatchObject({ changed: 'true', outcome: 'failed' });
    expect(summary).toContain('- `packages` + `no-such-editor`');
    expect(summary).toContain('**web1** does not build on hv1: ');
    fleet.desk.edit((d) => {
      d.vms.web1.packages = undefined;
    });
  });

  it('command: build finds it on a pull request, on the runner, without key and token', async () => {
    fleet.desk.edit((d) => {
      d.vms.web1.packages = ['no-such-editor'];
    });
    const build = () =>
      fleet.run('build', {
        event: 'pull_request',
        with: { 'ssh-key': '', 'known-hosts': '', 'github-token': '' },
        env: fleet.nixOfRunner(),
      });
    const { annotations, code, log, outputs, summary } = await build();
    expect(code, log).toBe(1);
    const lines = fleet.desk.read('fleet.yaml').split('\n');
    const line = String(lines.findIndex((text) => text.includes('no-such-editor')) + 1);
    expect(annotations).toMatchObject([
      { kind: 'error', file: 'fleet.yaml', line, title: 'fleet build.no-package' },
    ]);
    expect(outputs).toEqual({ changed: 'false', outcome: 'failed' });
    expect(summary).toContain('**web1** does not build here: ');
    const turn = () =>
      fleet.desk.edit((d) => {
        d.vms.web1.packages = undefined;
        const { hv1 } = d.hypervisors;
        hv1.system = hv1.system === 'x86_64-linux' ? 'aarch64-linux' : 'x86_64-linux';
      });
    turn();
    const other = await build();
    expect(other.code, other.log).toBe(64);
    expect(other.annotations).toMatchObject([{ title: 'fleet build.other-system' }]);
    turn();
  });

  it('command: validate needs nothing', async () => {
    const given = { with: { 'ssh-key': '', 'known-hosts': '' } };
    const { code, outputs } = await fleet.run('validate', given);
    expect([code, outputs]).toEqual([0, { changed: 'false', outcome: 'valid' }]);
  });

  it('a step that is killed leaves its key to the post step, which removes it', async () => {
    const { left, temp } = await fleet.run('plan', {
      event: 'workflow_dispatch',
      onLine: (line, kill) => {
        if (line.startsWith('::group::fleet plan')) kill('SIGKILL');
      },
    });
    expect(left).toEqual([expect.stringMatching(/^fleet-ssh-/)]);
    expect(readdirSync(temp)).toEqual([]);
  });

  it('apply that is rolled back fails the job, says what was expected and seen, and has its revert as a pull request', async () => {
    fleet.desk.edit((d) => {
      d.git.revert = 'pull-request';
      d.vms.web1.config = { boot: { kernelParams: ['lab.mute'] } };
    });
    await fleet.desk.git('commit', '-qam', 'mute web1');
    await fleet.desk.git('push', '-q');
    const { annotations, code, groups, log, outputs, summary } = await fleet.run('apply');
    expect(code, log).toBe(3);
    expect(groups).toContain('Roll back');
    expect(outputs).toMatchObject({ changed: 'false', outcome: 'rolled-back' });
    expect(annotations).toEqual([
      {
        kind: 'error',
        title: 'failed and rolled back: hypervisors run what they ran before',
        text: expect.stringContaining('web1 answers: expected ping, seen no answer'),
      },
    ]);
    expect(summary).toContain('### fleet apply: failed and rolled back');
    expect(summary).toContain('**web1** answers: expected `ping`, seen `no answer`');
    expect(summary).toMatch(/- Pushed revert [0-9a-f]{8} as fleet\/revert-/);
    const head = `fleet/revert-${(await fleet.desk.git('rev-parse', 'HEAD')).slice(0, 8)}`;
    expect(github.pulls).toMatchObject([
      { base: 'main', head, title: expect.stringMatching(/ it was rolled back$/) },
    ]);
    expect(await fleet.desk.git('ls-remote', 'origin', head)).toContain(outputs['reverted-by']);
    expect(outputs['reverted-by']).toMatch(/^[0-9a-f]{40}$/);
  });

  it('a cancelled job has fleet roll back', async () => {
    fleet.desk.edit((d) => {
      d.vms.web1.config = undefined;
      d.vms.web1.packages = ['htop'];
    });
    let isSent = false;
    const { code, outputs, summary } = await fleet.run('apply', {
      onLine: (line, kill) => {
        if (isSent || line !== 'hv1: update web1') return;
        isSent = true;
        kill('SIGINT');
      },
    });
    expect([code, outputs.outcome, outputs.changed]).toEqual([130, 'interrupted', 'false']);
    expect(summary).toContain('### fleet apply: interrupted and rolled back');
  });

  it('rollback that cannot be says why', async () => {
    const given = { event: 'workflow_dispatch', with: { on: 'web1' } };
    const { annotations, code, outputs, summary } = await fleet.run('rollback', given);
    expect([code, outputs]).toEqual([1, { outcome: 'failed' }]);
    expect(annotations).toMatchObject([{ kind: 'error', title: 'fleet rollback.no-generation' }]);
    expect(summary).toContain('### fleet rollback (web1): failed');
  });

  it('rollback goes back to what ran before', async () => {
    const deployed = await fleet.run('apply');
    expect([deployed.code, deployed.outputs.outcome], deployed.log).toEqual([0, 'done']);
    const given = { event: 'workflow_dispatch', with: { on: 'web1' } };
    const { code, log, outputs, summary } = await fleet.run('rollback', given);
    expect(code, log).toBe(0);
    expect(outputs).toMatchObject({ changed: 'true', outcome: 'done' });
    expect(summary).toContain('### fleet rollback (web1): done');
  });

  it('a drift check keeps one issue while something is wrong', async () => {
    const check = (more: Record<string, string> = {}) =>
      fleet.run('verify', { event: 'schedule', with: { on: 'hv1', ...more } });
    const well = await check({ issue: 'true' });
    expect([well.code, well.outputs.outcome, github.issues]).toEqual([0, 'healthy', []]);
    const [hv1] = fleet.world.hosts;
    await hv1?.exec('systemctl stop microvm@web1');
    const failed = await check();
    expect([failed.code, failed.outputs.outcome, github.issues]).toEqual([1, 'unhealthy', []]);
    expect(failed.annotations.length).toBeGreaterThan(0);
    expect((await check({ issue: 'true' })).code).toBe(0);
    expect(github.issues).toHaveLength(1);
    expect(github.issues[0]).toMatchObject({
      title: 'fleet verify (hv1): something is not as it was deployed',
      body: expect.stringMatching(
        /^<!-- microvm-fleet drift [0-9a-f]{12} -->\n\*\*\d+ of \d+ checks failed\.\*\*/,
      ),
      state: 'open',
    });
    await hv1?.exec('systemctl start microvm@web1');
    expect((await check({ issue: 'true' })).code).toBe(0);
    expect(github.issues).toMatchObject([{ state: 'closed' }]);
  });

  it('the drift check that init writes changes nothing; it fails, and opens no issue, when it reaches nobody', async () => {
    const check = (more: Record<string, string> = {}) =>
      fleet.run('plan', { event: 'schedule', with: { issue: 'true', ...more } });
    const standing = async () => {
      const look =
        'cd "$FLEET_ROOT" && find nix/var var/lib/fleet -type l -o -type f; ls sandbox/units';
      return [await fleet.desk.git('ls-remote', 'origin'), (await hv1?.exec(look))?.stdout];
    };
    const [hv1] = fleet.world.hosts;
    await hv1?.exec('systemctl stop microvm@web1');
    const before = await standing();
    const seen = await check();
    expect(await standing()).toEqual(before);
    expect([seen.code, seen.outputs.outcome], seen.log).toEqual([0, 'drifted']);
    const issues = structuredClone(github.issues);
    const unseen = await check({ 'known-hosts': 'hv1.example ssh-ed25519 AAAA' });
    expect([unseen.code, unseen.outputs.outcome], unseen.log).toEqual([1, 'unreachable']);
    expect(unseen.annotations).toMatchObject([
      { kind: 'error', text: expect.stringContaining('hv1 is unreachable') },
    ]);
    expect(github.issues).toEqual(issues);
    await fleet.desk.git('remote', 'set-url', 'origin', `${fleet.desk.folder}-gone`);
    const alone = await check();
    expect([alone.code, alone.outputs.outcome], alone.log).toEqual([1, 'unreachable']);
    expect(github.issues).toEqual(issues);
  });
});
