import { describe, expect, test } from 'vitest';
import { lockedOut } from '../../src/deploy/adoption.ts';

type Access = Parameters<typeof lockedOut>[0];

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGU';
const open: Access = {
  sshd: true,
  ports: [22],
  publicKeys: null,
  rootLogin: 'prohibit-password',
  allowUsers: null,
  allowGroups: null,
  denyUsers: null,
  denyGroups: null,
  keysFiles: ['/etc/ssh/authorized_keys.d/%u'],
  extraConfig: '',
  firewall: true,
  openPorts: [22],
  openRanges: [],
  wheelNeedsPassword: false,
  sudoers: [],
  users: {
    root: { groups: ['root'], keys: [`${key} ada@desk`] },
    ops: { groups: ['wheel', 'users'], keys: [`${key} ada@desk`] },
  },
};
const root = (change: Partial<Access> = {}, port = 22, publicKey: string | undefined = key) =>
  lockedOut({ ...open, ...change }, { user: 'root', publicKey, port, address: '192.0.2.7' });
const ops = (change: Partial<Access> = {}, sudo?: boolean) =>
  lockedOut({ ...open, ...change }, { user: 'ops', publicKey: key, port: 22 }, sudo);
const rootKeys = (...keys: string[]) => root({ users: { root: { groups: [], keys } } });

describe('we could come in again', () => {
  test.each<[string, string[]]>([
    ['as we came', root()],
    ['without a firewall', root({ firewall: false, openPorts: [] })],
    ['through a range of ports', root({ openPorts: [], openRanges: [{ from: 20, to: 30 }] })],
    ['on another port that is open', root({ ports: [22, 2222], openPorts: [22, 2222] }, 2222)],
    ['by a key with another comment', rootKeys(`${key} someone-else`)],
    ['by one of many keys in a file', rootKeys(`# keys\nssh-rsa BBBB x\n${key} y\n`)],
    ['by a key with options before it', rootKeys(`from="192.0.2.0/24",no-pty ${key} ada`)],
    ['as a user with sudo', ops()],
    ['as a user who needs no sudo', ops({ wheelNeedsPassword: true }, false)],
    ['as one of those that sshd lets in', ops({ allowUsers: ['ada', 'ops'] })],
    ['by a pattern', ops({ allowUsers: ['o?s*'] })],
    ['from an address that is let in', root({ allowUsers: ['root@192.0.2.0/24'] })],
    ['from where the pattern says', root({ allowUsers: ['root@192.0.2.*'] })],
    ['by a group', ops({ allowGroups: ['wheel'] })],
    ['by the group that root is in', root({ allowGroups: ['root'] })],
    ['when others are kept out', ops({ denyUsers: ['eve'], denyGroups: ['guests'] })],
    ['when some of it is for others', root({ extraConfig: 'Match User eve\n  AllowUsers eve' })],
  ])('%s', (_, reasons) => {
    expect(reasons).toEqual([]);
  });
});

describe('we would be locked out', () => {
  test.each<[string, string[], RegExp]>([
    ['sshd is off', root({ sshd: false }), /services\.openssh\.enable/],
    ['sshd listens elsewhere', root({ ports: [2222] }), /does not listen on port 22/],
    ['the firewall is closed', root({ openPorts: [80] }), /the firewall blocks port 22/],
    [
      'the range ends before our port',
      root({ openPorts: [], openRanges: [{ from: 1, to: 21 }] }),
      /port 22/,
    ],
    [
      'there is no such user',
      lockedOut(open, { user: 'eve', publicKey: key, port: 22 }),
      /there is no user eve/,
    ],
    ['the key is another one', rootKeys('ssh-ed25519 OTHER ada'), /not among the keys of root/],
    ['there are no keys', rootKeys(), /not among the keys of root/],
    ['the key is only part of another', rootKeys(`${key}XX ada`), /not among the keys of root/],
    [
      'nobody knows what key we came with',
      lockedOut(open, { user: 'root', publicKey: undefined, port: 22 }),
      /does not know which key/,
    ],
    ['root may not log in', root({ rootLogin: 'no' }), /PermitRootLogin/],
    ['sudo asks for a password', ops({ wheelNeedsPassword: true }), /sudo/],
    [
      'the user is not in wheel',
      ops({ users: { ops: { groups: [], keys: [key] } } }),
      /group wheel/,
    ],
    ['sshd takes no keys', root({ publicKeys: false }), /PubkeyAuthentication/],
    [
      'sshd reads other files of keys',
      root({ keysFiles: ['%h/.ssh/keys'] }),
      /authorizedKeysFiles/,
    ],
    ['sshd lets in others only', ops({ allowUsers: ['ada', 'root'] }), /AllowUsers/],
    [
      'sshd lets the user in from elsewhere',
      root({ allowUsers: ['root@10.0.0.0/8'] }),
      /AllowUsers/,
    ],
    ['sshd lets in other groups only', ops({ allowGroups: ['admins'] }), /AllowGroups/],
    ['sshd keeps the user out', ops({ denyUsers: ['op*'] }), /DenyUsers/],
    ['sshd keeps a group out', ops({ denyGroups: ['users'] }), /DenyGroups/],
    [
      'hand-written text lets in others only',
      ops({ extraConfig: 'allowusers ada\n' }),
      /AllowUsers/,
    ],
  ])('when %s', (_, reasons, why) => {
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(why);
  });

  test('for all reasons at once', () => {
    expect(root({ sshd: false, openPorts: [], rootLogin: 'no', users: {} })).toHaveLength(4);
  });
});
