import { describe, expect, test } from 'vitest';
import { complete, Desk, valid } from './fleet.ts';

const bad = valid
  .replace('subnet: 10.1.0.0/24', 'subnet: 10.1.0.0/40')
  .replace('on: hv1', 'on: hv9');

/** Commands that read fleet.yaml before anything else. */
const readers = [
  ['validate'],
  ['show', 'web1'],
  ['render'],
  ['plan', '--offline'],
  ['apply', '--yes'],
  ['verify'],
  ['rollback', 'web1'],
  ['update'],
];

describe('without a fleet.yaml', () => {
  test.each(readers)('%s says so, and what to do', async (...args) => {
    const { code, stdout, stderr } = await new Desk().fleet(...args);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(/cannot read .*\/fleet\.yaml \(ENOENT\)/);
    expect(stderr).toContain('fleet init');
  });

  test('a folder that is not there is named', async () => {
    const { code, stderr } = await new Desk().fleet('-C', 'nowhere', 'validate');
    expect(code).toBe(64);
    expect(stderr).toContain('there is no folder nowhere');
  });

  test('--json gives one document with the code', async () => {
    const { code, stdout, stderr } = await new Desk().fleet('plan', '--offline', '--json');
    expect([code, stderr]).toEqual([64, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      error: { code: 'workspace.no-config' },
    });
  });
});

describe('with a bad fleet.yaml', () => {
  test.each(readers)('%s gives every diagnostic at once, with its place', async (...args) => {
    const { code, stdout, stderr } = await new Desk(bad).fleet(...args);
    expect([code, stdout]).toEqual([65, '']);
    expect(stderr).toMatch(/fleet\.yaml:6:\d+ error E\d+/);
    expect(stderr).toMatch(/fleet\.yaml:8:\d+ error E\d+/);
    expect(stderr).toContain('^');
    expect(stderr).not.toContain('\u001b[');
  });

  test('--json gives one document with every diagnostic, and nothing beside it', async () => {
    const desk = new Desk(bad);
    const runs = await Promise.all([
      desk.fleet('validate', '--json'),
      desk.fleet('plan', '--offline', '--json'),
    ]);
    expect(runs.map((r) => [r.code, r.stderr])).toEqual([
      [65, ''],
      [65, ''],
    ]);
    const [validated, planned] = runs.map((r) => JSON.parse(r.stdout));
    expect(validated).toMatchObject({ version: 1, valid: false });
    expect(validated.diagnostics.map((d: { line: number }) => d.line)).toEqual([6, 8]);
    expect(planned).toMatchObject({
      version: 1,
      error: { code: 'config.invalid', diagnostics: validated.diagnostics },
    });
  });

  test('nothing is rendered', async () => {
    const desk = new Desk(bad);
    await desk.fleet('render');
    expect(Object.keys(desk.files())).toEqual(['fleet.yaml']);
  });
});

describe('a good fleet.yaml', () => {
  test('is said to be valid, with what is in it', async () => {
    expect(await new Desk(complete).fleet('validate')).toEqual({
      code: 0,
      stdout: 'fleet.yaml is valid: 1 hypervisor, 1 network, 1 vm\n',
      stderr: '',
    });
  });

  test('is found by -C from elsewhere', async () => {
    const desk = new Desk();
    desk.write('sub/fleet.yaml', valid);
    expect((await desk.fleet('-C', 'sub', 'validate')).code).toBe(0);
    expect((await desk.fleet('validate', '-C', 'sub')).code).toBe(0);
  });

  test('may have another name, and is called by it', async () => {
    const desk = new Desk();
    desk.write('prod.yaml', valid);
    expect((await desk.fleet('--config', 'prod.yaml', 'validate')).stdout).toContain(
      'prod.yaml is valid',
    );
    desk.write('prod.yaml', bad);
    expect((await desk.fleet('--config', './prod.yaml', 'validate')).stderr).toMatch(
      /prod\.yaml:6:\d+ error/,
    );
  });

  test.each(['./fleet.yaml', 'hosts/../fleet.yaml'])(
    'is the same file as %s to git',
    async (name) => {
      const desk = new Desk(valid);
      desk.write('hosts/notes.txt', '');
      await desk.fleet('render');
      desk.commit();
      const { stdout } = await desk.fleet('--config', name, 'plan', '--offline', '--no-diff');
      expect(stdout).not.toContain('fleet.yaml');
    },
  );

  test('outside of the repository is refused: it could not be committed', async () => {
    const desk = new Desk(valid);
    desk.write('sub/x', '');
    const { code, stderr } = await desk.fleet('-C', 'sub', '--config', '../fleet.yaml', 'validate');
    expect(code).toBe(64);
    expect(stderr).toContain('../fleet.yaml is not in');
  });
});

describe('show', () => {
  const twice = valid.replace('front: {', 'web1: {').replace('network: front', 'network: web1');

  test('prints YAML with the origin of every value, and what else has the name', async () => {
    const { code, stdout, stderr } = await new Desk(twice).fleet('show', 'web1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^web1:\n {2}on: hv1 +# fleet\.yaml:8 vm\n/);
    expect(stdout).toMatch(/^ {2}memory: 1GiB +# default$/m);
    expect(stderr).toBe('There is a network web1, too: fleet show networks.web1\n');
  });

  test('takes the network where it is asked for', async () => {
    const { stdout, stderr } = await new Desk(twice).fleet('show', 'networks.web1');
    expect(stdout).toMatch(/^web1:\n {2}subnet: 10\.1\.0\.0\/24 +# fleet\.yaml:6\n/);
    expect(stderr).toBe('');
  });

  test('--json gives every value with its path', async () => {
    const { stdout } = await new Desk(valid).fleet('show', 'hv1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      kind: 'show',
      about: 'hypervisor',
      name: 'hv1',
      values: expect.arrayContaining([
        {
          path: ['uplink'],
          value: 'eth0',
          from: { file: 'fleet.yaml', line: 4, layer: 'hypervisor' },
        },
        { path: ['autostart'], value: 'all', from: 'default' },
      ]),
    });
  });

  test('a name that nothing has is a usage error, with the nearest one', async () => {
    const { code, stdout, stderr } = await new Desk(valid).fleet('show', 'web2');
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain('no vm, hypervisor or network is called web2');
    expect(stderr).toContain('did you mean "web1"?');
  });
});

describe('validate', () => {
  test.each([
    ['a good file', valid],
    ['a bad one', bad],
    ['none', undefined],
  ])('says the same of %s wherever it is told to look', async (_, text) => {
    const desk = new Desk(text);
    for (const options of [[], ['--json']]) {
      const plainly = await desk.fleet('validate', ...options);
      expect(await desk.fleet('--config', 'fleet.yaml', 'validate', ...options)).toEqual(plainly);
      expect(await desk.fleet('-C', '../infra', 'validate', ...options)).toEqual(
        text === undefined ? expect.objectContaining({ code: plainly.code }) : plainly,
      );
    }
  });

  test.each([[['--jsn']], [['--json', 'x']], [['-C']]])(
    'explains what is wrong with %j',
    async (options) => {
      const { code, stdout, stderr } = await new Desk(valid).fleet('validate', ...options);
      expect(code).toBe(64);
      expect(stderr + stdout).toMatch(/unknown option|too many arguments|argument missing/);
    },
  );
});
