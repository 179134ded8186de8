import { describe, expect, test } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { parseRunners } from '../../src/host/answers/runners.ts';
import { emptyFleet } from '../../src/init/empty-fleet.ts';
import type { FirstHypervisor } from '../../src/init/first-hypervisor.ts';
import { foundFleet } from '../../src/init/found-fleet.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ada@desk';
const first: FirstHypervisor = {
  fleet: 'infra',
  branch: 'main',
  name: 'hv1',
  ssh: 'ops@192.0.2.1:2200',
  system: 'x86_64-linux',
  stateVersion: '25.11',
  uplink: 'eth0',
  user: 'ops',
  sshdPort: 2222,
  key,
  hardware: undefined,
  boot: { config: {} },
};
const nothing = {
  facts: parseFacts('\n== end\n'),
  runners: parseRunners('\n== end\n'),
};

describe.each<[string, (of: FirstHypervisor) => string]>([
  ['a first fleet.yaml', emptyFleet],
  ['one with --from', (of) => foundFleet(of, nothing.facts, nothing.runners)],
])('%s', (_, write) => {
  const hypervisor = (of: FirstHypervisor) => {
    const read = readFleet(write(of), 'fleet.yaml');
    return 'fleet' in read ? read.fleet.hypervisors[0] : read.diagnostics;
  };

  test('lets in again whoever came in, to the port of sshd that was', () => {
    expect(hypervisor(first)).toMatchObject({
      users: [{ name: 'ops', groups: ['wheel'], sshKeys: [key] }],
      config: { 'services.openssh.ports': [2222] },
    });
  });

  test('lets root in where root came, and leaves the usual port alone', () => {
    expect(hypervisor({ ...first, user: 'root', sshdPort: 22 })).toMatchObject({
      users: [{ name: 'root', groups: [], sshKeys: [key] }],
      config: {},
    });
  });

  test('has the boot loader that was found, and asks nothing', () => {
    const boot = { config: { 'boot.loader.grub.device': '/dev/vda' } };
    expect(hypervisor({ ...first, boot })).toMatchObject({
      config: { 'boot.loader.grub.device': '/dev/vda', 'services.openssh.ports': [2222] },
    });
    expect(write({ ...first, boot })).not.toContain('DECIDE: boot loader unknown');
  });

  test.each([
    ['that are likely', [{ 'boot.loader.grub.device': '/dev/vda' }], ['grub.device: /dev/vda']],
    ['that are usual', [], ['systemd-boot.enable: true', 'grub.device: /dev/sda']],
  ])('asks for a boot loader where none is certain, with lines %s', (_, likely, lines) => {
    const of = { ...first, boot: { config: {}, likely } };
    const text = write(of);
    expect(text).toContain('    # DECIDE: boot loader unknown');
    for (const line of lines) expect(text).toContain(`\n    #   boot.loader.${line}\n`);
    expect(hypervisor(of)).toMatchObject({ config: { 'services.openssh.ports': [2222] } });
  });

  test('says that the first apply replaces what /etc/nixos says', () => {
    expect(write(first)).toMatch(
      /DECIDE: the first apply replaces all that \/etc\/nixos says[^:]*: boot loader, static\n? +# addresses, .*services/,
    );
  });

  test('sends the commit, and says what hypervisors would need to fetch it', () => {
    const text = write(first);
    expect(text).toContain('root there needs a key');
    expect(readFleet(text, 'fleet.yaml')).toMatchObject({
      fleet: { git: { transport: 'send' } },
    });
  });

  test('is valid without a key', () => {
    expect(hypervisor({ ...first, key: undefined })).toMatchObject({
      users: [{ name: 'ops', sshKeys: [] }],
    });
    expect(hypervisor({ ...first, user: 'root', key: undefined })).toMatchObject({ users: [] });
  });
});
