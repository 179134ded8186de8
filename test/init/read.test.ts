import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInspection } from '../../src/host/answers/inspection.ts';
import { parseRunners } from '../../src/host/answers/runners.ts';
import { type ScriptName, script } from '../../src/host/scripts.ts';
import { bootOf } from '../../src/init/boot.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-init-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A program of the host's, that says this. */
function program(name: string, output: string): void {
  write(`said/${name}`, output);
  write(`bin/${name}`, `#!/bin/sh\ncat '${join(root, 'said', name)}'\n`);
  chmodSync(join(root, 'bin', name), 0o755);
}

function read(name: ScriptName): string {
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root };
  return execFileSync('sh', ['-s'], { input: script(name), env, encoding: 'utf8' });
}

test('a host without a hardware configuration, and without a program that makes one, is read all the same', () => {
  expect(parseInspection(read('inspect'))).toMatchObject({
    hardware: undefined,
    hardwareFile: undefined,
  });
  write('etc/nixos/hardware-configuration.nix', '{ }\n');
  expect(parseInspection(read('inspect'))).toMatchObject({
    hardware: '{ }\n',
    hardwareFile: '/etc/nixos/hardware-configuration.nix',
  });
});

describe('the boot loader is read', () => {
  const boot = (hardware?: string) => bootOf(parseInspection(read('inspect')).loader, hardware);
  const installer = (name: string) =>
    write(
      'run/current-system/bin/switch-to-configuration',
      `#! /nix/store/0-bash/bin/bash -e\nexport OUT='/nix/store/0-nixos-system-hv1'\nexport INSTALL_BOOTLOADER='/nix/store/${name}'\nexport SYSTEMD='/nix/store/0-systemd'\n`,
    );
  const systemdBoot = (esp: string, entries: string, variables: string) => {
    installer('1-install-systemd-boot.sh');
    write(
      'nix/store/1-install-systemd-boot.sh',
      '/nix/store/2-systemd-boot/bin/systemd-boot "$@"\n',
    );
    write(
      'nix/store/2-systemd-boot/bin/systemd-boot',
      `EFI_SYS_MOUNT_POINT = Path("${esp}")\nBOOT_MOUNT_POINT = Path("${entries}")\nLOADER_CONF = "x"\nCAN_TOUCH_EFI_VARIABLES = "${variables}" == "1"\n`,
    );
  };
  const grub = (...settings: readonly string[]) => {
    installer('1-install-grub.sh');
    const lines = settings.map((text, i) => {
      write(
        `nix/store/${i}-grub-config.xml`,
        `<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <attrs>\n${text}  </attrs>\n</expr>\n`,
      );
      return `/nix/store/0-perl/bin/perl /nix/store/0-install-grub.pl /nix/store/${i}-grub-config.xml $@\n`;
    });
    write('nix/store/1-install-grub.sh', lines.join(''));
  };
  const devices = (...paths: readonly string[]) =>
    `    <attr name="devices">\n      <list>\n${paths.map((path) => `        <string value="${path}" />\n`).join('')}      </list>\n    </attr>\n`;
  const flag = (name: string, value: boolean) =>
    `    <attr name="${name}">\n      <bool value="${value}" />\n    </attr>\n`;
  const mountPoint = (path: string) =>
    `    <attr name="efiSysMountPoint">\n      <string value="${path}" />\n    </attr>\n`;

  beforeEach(() => {
    for (const name of ['ip', 'lsblk', 'findmnt', 'nixos-generate-config']) program(name, '');
  });

  test('as the system that runs installs systemd-boot', () => {
    systemdBoot('/boot', '/boot', '1');
    expect(boot()).toEqual({
      config: {
        'boot.loader.systemd-boot.enable': true,
        'boot.loader.efi.canTouchEfiVariables': true,
      },
    });
    systemdBoot('/efi', '/boot', '');
    expect(boot()).toEqual({
      config: {
        'boot.loader.systemd-boot.enable': true,
        'boot.loader.systemd-boot.xbootldrMountPoint': '/boot',
        'boot.loader.efi.efiSysMountPoint': '/efi',
      },
    });
  });

  test('as GRUB on its disks, as the system that runs installs it', () => {
    const none = flag('efiSupport', false) + flag('canTouchEfiVariables', false);
    grub(devices('/dev/disk/by-id/one') + mountPoint('/boot') + none);
    expect(boot()).toEqual({ config: { 'boot.loader.grub.device': '/dev/disk/by-id/one' } });
    grub(devices('/dev/sda', '/dev/sdb') + none);
    expect(boot()).toEqual({ config: { 'boot.loader.grub.devices': ['/dev/sda', '/dev/sdb'] } });
  });

  test('as GRUB by EFI, with what it needs there', () => {
    grub(
      devices('nodev') +
        mountPoint('/boot/efi') +
        flag('efiSupport', true) +
        flag('canTouchEfiVariables', true) +
        flag('efiInstallAsRemovable', false),
    );
    expect(boot()).toEqual({
      config: {
        'boot.loader.grub.device': 'nodev',
        'boot.loader.grub.efiSupport': true,
        'boot.loader.efi.canTouchEfiVariables': true,
        'boot.loader.efi.efiSysMountPoint': '/boot/efi',
      },
    });
  });

  test('as extlinux', () => {
    installer('1-extlinux-conf-builder.sh -g 20 -t 5 -c');
    expect(boot()).toEqual({
      config: {
        'boot.loader.grub.enable': false,
        'boot.loader.generic-extlinux-compatible.enable': true,
      },
    });
  });

  test('and not written where the hardware configuration has one', () => {
    systemdBoot('/boot', '/boot', '1');
    expect(boot('{\n  boot.loader.grub.device = "/dev/vda";\n}\n')).toEqual({ config: {} });
    expect(boot('{\n  # boot.loader is elsewhere\n}\n').config).not.toEqual({});
  });

  test.each([
    ['nothing at all', () => undefined, []],
    ['GRUB in two places', () => grub(devices('/dev/sda'), devices('/dev/sdb')), []],
    [
      'another installer, beside files of systemd-boot',
      () => {
        installer('1-install-lzbt/bin/install');
        write('sys/firmware/efi/efivars/x', '');
        write('boot/EFI/systemd/systemd-bootx64.efi', '');
      },
      [
        {
          'boot.loader.systemd-boot.enable': true,
          'boot.loader.efi.canTouchEfiVariables': true,
        },
      ],
    ],
    [
      'files of GRUB',
      () => {
        write('boot/grub/grub.cfg', '');
        program('lsblk', 'vda\n');
      },
      [{ 'boot.loader.grub.device': '/dev/vda' }],
    ],
    [
      'files of extlinux',
      () => write('boot/extlinux/extlinux.conf', ''),
      [
        {
          'boot.loader.grub.enable': false,
          'boot.loader.generic-extlinux-compatible.enable': true,
        },
      ],
    ],
  ])('as undecided by %s', (_, prepare, likely) => {
    prepare();
    expect(boot()).toEqual({ config: {}, likely });
  });
});

describe('rules of NAT are read', () => {
  const rules = () => parseRunners(read('runners')).natRules;
  const rules6 = () => parseRunners(read('runners')).natRules6;
  const iptables = '-A POSTROUTING -o eth0 -j MASQUERADE';
  const ip6tables = '-A POSTROUTING -o eth6 -j MASQUERADE';
  beforeEach(() => {
    program('nft', '');
    program('iptables-save', `*nat\n:POSTROUTING ACCEPT [0:0]\n${iptables}\nCOMMIT\n`);
    program('ip6tables-save', `*nat\n:POSTROUTING ACCEPT [0:0]\n${ip6tables}\nCOMMIT\n`);
  });

  test('as nft says them, those of IPv6 by themselves', () => {
    program(
      'nft',
      `table ip nixos-nat {
	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport 443 dnat to 10.1.0.5:8443
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "eth0" snat to 203.0.113.5
		oifname "eth1" masquerade
	}
}
table ip6 nixos-nat {
	chain post {
		oifname "eth0" masquerade
	}
}
table inet fleet {
	chain nat {
		ip6 saddr fd00:1::/64 oifname "eth0" masquerade
	}
	chain forward {
		ct status dnat accept
		meta nfproto ipv4 dnat ip to 10.1.0.3
	}
}
table bridge other {
	chain post {
		masquerade
	}
}
`,
    );
    expect(rules()).toEqual([
      'tcp dport 443 dnat to 10.1.0.5:8443',
      'oifname "eth0" snat to 203.0.113.5',
      'oifname "eth1" masquerade',
      'meta nfproto ipv4 dnat ip to 10.1.0.3',
    ]);
    expect(rules6()).toEqual([
      'oifname "eth0" masquerade',
      'ip6 saddr fd00:1::/64 oifname "eth0" masquerade',
    ]);
  });

  test.each([
    ['oifname "eth0" masquerade comment "ip of guests"', true, true],
    ['meta nfproto { ipv4, ipv6 } oifname "eth0" masquerade', true, true],
    ['oifname "ip6" masquerade', true, true],
    ['ip saddr 10.1.0.0/24 oifname "eth0" masquerade', true, false],
    ['ip daddr @ip6 oifname "eth0" masquerade', true, false],
    ['tcp dport 80 dnat ip to 10.1.0.5:80', true, false],
    ['meta nfproto ipv4 oifname "eth0" masquerade', true, false],
    ['ip6 saddr fd00:1::/64 oifname "eth0" masquerade', false, true],
    ['tcp dport 80 dnat ip6 to [fd00:1::5]:80', false, true],
    ['meta nfproto ipv6 oifname "eth0" masquerade', false, true],
  ])('as of the families that a rule in a table for both is for: %s', (rule, is4, is6) => {
    program('nft', `table inet nat {\n\tchain post {\n\t\t${rule}\n\t}\n}\n`);
    program('iptables-save', '');
    program('ip6tables-save', '');
    expect(rules()).toEqual(is4 ? [rule] : []);
    expect(rules6()).toEqual(is6 ? [rule] : []);
  });

  test('as iptables says them, where nft knows of none', () => {
    expect(rules()).toEqual([iptables]);
    expect(rules6()).toEqual([ip6tables]);
  });

  test('as both say them, where nft cannot say all', () => {
    program('nft', 'table ip nat {\n\tchain post {\n\t\toif "lo" masquerade\n\t}\n}\n');
    expect(rules()).toEqual(['oif "lo" masquerade']);
    write('proc/net/ip_tables_names', 'filter\nnat\n');
    expect(rules()).toEqual(['oif "lo" masquerade', iptables]);
    rmSync(join(root, 'proc'), { recursive: true });
    program(
      'nft',
      'table ip nat {\n\tchain post {\n\t\tmasquerade\n\t\txt target "MASQUERADE"\n\t}\n}\n',
    );
    expect(rules()).toEqual(['masquerade', iptables]);
  });

  test('as none, where there is neither', () => {
    program('iptables-save', '');
    program('ip6tables-save', '');
    expect(rules()).toEqual([]);
    expect(rules6()).toEqual([]);
  });
});

describe('what a first switch could take away is read', () => {
  const runners = () => parseRunners(read('runners'));
  beforeEach(() => {
    for (const name of ['systemctl', 'ip', 'nft', 'iptables-save', 'ip6tables-save', 'blkid'])
      program(name, '');
  });

  test('people’s accounts, not those of services and of Nix', () => {
    write('etc/passwd', 'root:x:0:0::/root:/bin/sh\nops:x:1000:100::/home/ops:/bin/sh\n');
    expect(runners().users).toEqual(['ops']);
    write('etc/passwd', 'nobody:x:65534:65534::/:/x\nnixbld1:x:30001:30000::/:/x\n');
    expect(runners().users).toEqual([]);
  });

  test('devices that somebody made, and who is in them', () => {
    mkdirSync(join(root, 'sys/class/net/br-a/bridge'), { recursive: true });
    mkdirSync(join(root, 'sys/class/net/bond0/bonding'), { recursive: true });
    mkdirSync(join(root, 'sys/class/net/eth0.7'), { recursive: true });
    mkdirSync(join(root, 'sys/class/net/eth0'), { recursive: true });
    write('proc/net/vlan/eth0.7', '');
    write('sys/class/net/vm-a/tun_flags', '0x1002\n');
    expect([...runners().tuns]).toEqual(['vm-a']);
    expect([...runners().made].sort()).toEqual(['bond0', 'br-a', 'eth0.7']);
  });

  test('open ports and tables that refuse to forward, as nft has them', () => {
    program(
      'nft',
      `table inet nixos-fw {
	chain rpfilter {
		type filter hook prerouting priority mangle + 10; policy drop;
		meta nfproto ipv4 udp sport . udp dport { 68 . 67, 67 . 68 } accept comment "DHCPv4 client/server"
	}
	chain input-allow {
		tcp dport { 22, 9100 } accept
		iifname "eth0" udp dport 51820 accept
		tcp dport 8000-8100 accept
	}
}
table ip mine {
	chain f {
		type filter hook forward priority filter; policy drop;
		tcp dport 80 accept
	}
}
table inet fleet {
	chain forward {
		type filter hook forward priority filter; policy accept;
	}
}
`,
    );
    expect(runners()).toMatchObject({
      open: ['tcp 22', 'tcp 9100', 'udp 51820'],
      refusing: ['ip mine'],
    });
  });

  test('open ports as iptables has them', () => {
    program(
      'iptables-save',
      '*filter\n-A nixos-fw -p tcp -m tcp --dport 9100 -j nixos-fw-accept\n-A nixos-fw -p tcp -m multiport --dports 80,443 -j ACCEPT\n-A x -p tcp -m tcp --dport 25 -j DROP\n',
    );
    expect(runners().open).toEqual(['tcp 9100', 'tcp 80', 'tcp 443']);
  });

  test('TAPs of vms whose names no vm of fleet’s can have', () => {
    const runner = 'nix/store/0-runner';
    write(`${runner}/share/microvm/tap-interfaces`, 'vm-a-web1\n');
    mkdirSync(join(root, 'var/lib/microvms/Web_1'), { recursive: true });
    symlinkSync(`/${runner}`, join(root, 'var/lib/microvms/Web_1/current'));
    // What nobody built is not read.
    write('etc/secret/share/microvm/tap-interfaces', 'secret\n');
    mkdirSync(join(root, 'var/lib/microvms/Web_2'), { recursive: true });
    symlinkSync('/etc/secret', join(root, 'var/lib/microvms/Web_2/current'));
    symlinkSync('/etc/secret', join(root, 'var/lib/microvms/Web_2/booted'));
    const { otherTaps } = runners();
    expect([...otherTaps]).toEqual([['Web_1', ['vm-a-web1']]]);
  });
});
