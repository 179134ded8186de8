import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

const checkout = '$FLEET_ROOT/var/lib/fleet/repo';

describe("a hypervisor's checkout", () => {
  let stage: Stage;
  const git = async (command: string) =>
    (await stage.host.exec(`git -C "${checkout}" ${command}`)).stdout.trim();
  /** Checks a new commit out. @returns what the step said when it failed */
  const move = async (): Promise<string> => {
    const commit = stage.commit();
    const source = `file://${stage.repository}`;
    const path = '/var/lib/fleet/repo';
    const { code, stdout, stderr } = await stage.tryStep(
      'checkout',
      ...[stage.id, path, source, 'main', commit],
    );
    if (code !== 0) return stdout + stderr;
    expect(await git('rev-parse HEAD')).toBe(commit);
    return '';
  };
  /** A git that has begun to write there, and stays at it for a while, or until it may leave. */
  const working = (seconds: number) =>
    stage.host.exec(
      `cd "${checkout}" && git -c alias.at-work='!: >.git/index.lock; n=0; until [ -e "$FLEET_ROOT/tmp/leave" ] || [ $n = ${seconds} ]; do sleep 1; n=$((n + 1)); done; rm -f .git/index.lock' at-work`,
    );
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { web: {} };
    expect((await stage.begin()).code).toBe(0);
    expect(await move()).toBe('');
  }, 180_000);
  afterAll(() => stage.stop());

  it('moves on though a git that is gone left its locks', async () => {
    const locks = ['index.lock', 'HEAD.lock', 'refs/heads/fleet.lock', 'refs/stash.lock'];
    for (const lock of locks) {
      await stage.host.exec(`echo by hand >"${checkout}/flake.nix"`);
      await stage.host.exec(`: >"${checkout}/.git/${lock}"`);
      expect(await move(), lock).toBe('');
    }
    expect(await git('stash list')).toContain('set aside by fleet');
  });

  it('waits for a git that is at work', async () => {
    const other = working(2);
    await stage.succeeds(`test -e "${checkout}/.git/index.lock"`);
    const begun = Date.now();
    expect(await move()).toBe('');
    expect(Date.now() - begun).toBeGreaterThan(500);
    await other;
  });

  it('is left to a git that does not end, by name', async () => {
    const other = working(100);
    await stage.succeeds(`test -e "${checkout}/.git/index.lock"`);
    expect(await move()).toMatch(
      /fleet-error\tcheckout\.busy\tgit, process \d+, is at work in \/var\/lib\/fleet\/repo/,
    );
    expect((await stage.host.exec(`ls "${checkout}/.git/index.lock"`)).code).toBe(0);
    await stage.host.exec(': >"$FLEET_ROOT/tmp/leave"');
    await other;
  }, 180_000);

  it('is not waited for when somebody asks to stop: a remote that hangs', async () => {
    const begun = `"$FLEET_ROOT/tmp/fetching"`;
    await stage.host.exec(
      `git config --file "${checkout}/.git/config" core.sshCommand 'sh -c ": >${begun.replaceAll('"', '')}; sleep 100"'`,
    );
    const commit = stage.commit();
    const from = 'ssh://git@127.0.0.1/fleet.git';
    const path = '/var/lib/fleet/repo';
    const step = stage.tryStep('checkout', stage.id, path, from, 'main', commit);
    await stage.succeeds(`test -e ${begun}`);
    expect((await stage.call('stop-preparing', stage.id)).code).toBe(0);
    expect((await step).stderr).toContain('fleet-error\tstep.ended');
    expect(await move()).toBe('');
  });

  it('is looked at without a lock', async () => {
    // An index that is older than its files is written again by a git status that may.
    await stage.host.exec(`touch "${checkout}/flake.nix"`);
    const index = () => stage.host.exec(`stat -c %i.%y "${checkout}/.git/index"`);
    const before = (await index()).stdout;
    expect((await stage.facts()).checkout).toMatchObject({ branch: 'fleet', dirty: 0 });
    expect((await index()).stdout).toBe(before);
  });

  it('goes back though the git that moved it was cut off', async () => {
    stage.vms = { web: {}, db: {} };
    const before = await git('rev-parse HEAD');
    await stage.call('end', stage.id, 'done');
    stage.next();
    expect((await stage.begin()).code).toBe(0);
    expect(await move()).toBe('');
    await stage.host.exec(`: >"${checkout}/.git/index.lock"`);
    await stage.back();
    expect(await git('rev-parse HEAD')).toBe(before);
  });
});
