import { rendered } from '../marker.ts';

export const guestModulePath = 'modules/guest.nix';

export const ownStoreModulePath = 'modules/guest-own-store.nix';

const sharedStore = `  # The hypervisor's store: a new generation of a guest needs no new disk image.
  microvm.shares = [
    {
      mountPoint = "/nix/.ro-store";
      proto = "virtiofs";
      readOnly = true;
      source = "/nix/store";
      tag = "ro-store";
    }
  ];
`;

const ownStore = `  # A read-only image with what this guest needs, made anew with each of its generations.
  microvm.storeOnDisk = true;
`;

const guest = (store: string) =>
  rendered(`{ inputs, lib, ... }:
{
  imports = [ inputs.microvm.nixosModules.microvm ];

${store}
  networking = {
    useDHCP = lib.mkDefault false;
    useNetworkd = true;
  };

  # Users have keys and no passwords.
  security.sudo.wheelNeedsPassword = lib.mkDefault false;

  services.openssh = {
    enable = lib.mkDefault true;
    settings.PasswordAuthentication = lib.mkDefault false;
  };
}
`);

/** What every guest has; the same in every fleet. */
export const guestModule = guest(sharedStore);

/** The same for guests with a store of their own. */
export const ownStoreModule = guest(ownStore);
