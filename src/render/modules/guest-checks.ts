import {
  checkUid,
  checkUser,
  guestKeysFolder,
  guestKeysMount,
  guestKeysTag,
} from '../../model/guest-keys.ts';
import { rendered } from '../marker.ts';

export const guestChecksModulePath = 'modules/guest-checks.nix';
export const guestExportsModulePath = 'modules/guest-exports.nix';

export const guestHostKeyModulePath = 'modules/guest-host-key.nix';

const share = `  # Made by the hypervisor. Not a credential: QEMU reads those as a user that all guests share.
  microvm.shares = [
    {
      mountPoint = "${guestKeysMount}";
      proto = "virtiofs";
      readOnly = true;
      source = "${guestKeysFolder}/\${config.networking.hostName}";
      tag = "${guestKeysTag}";
    }
  ];
`;

const hostKeys = `    # Of a type that the guest has none of: sshd shows the first key of each type only, and the guest
    # may have keys of its own. NIST curves of another size are another type.
    hostKeys = [
      {
        bits = 521;
        path = "${guestKeysMount}/ssh_host_ecdsa_key";
        type = "ecdsa";
      }
    ];
`;

/** What guests with `sshHostKey` have that have no `run` checks; the same in every fleet. */
export const guestHostKeyModule = rendered(`{ config, ... }:
{
${share}
  services.openssh = {
    enable = true;
${hostKeys}  };
}
`);

/**
 * What guests with `run` checks or exports have; the same in every fleet. It does not import the other: the order of shares,
 * and with it the runner, would be another one.
 */
export const guestChecksModule = rendered(`{ config, ... }:
{
${share}
  services.openssh = {
    enable = true;
    authorizedKeysFiles = [ "${guestKeysMount}/%u" ];
${hostKeys}  };

  # Checks run as this user. What they may do beyond it is for the fleet to say.
  users.users.${checkUser} = {
    isNormalUser = true;
    # The last that NixOS gives: by name it would take that of another, who then owns other files.
    uid = ${checkUid};
  };
}
`);

/** What guests with exports have besides; the same in every fleet, so that another export restarts no guest. */
export const guestExportsModule = rendered(`{ ... }:
{
  # Exports are read as root: the files that are worth one are root's. In guests without this nobody reads the folder.
  services.openssh.authorizedKeysFiles = [ "${guestKeysMount}/exports/%u" ];
}
`);
