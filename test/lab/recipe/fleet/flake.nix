{
  description = "fleet as a package: what npm installed in /opt/lab/fleet, and the Node beside it";

  inputs.nixpkgs.url = "github:nixos/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    {
      packages.x86_64-linux.default = derivation {
        name = "fleet";
        system = "x86_64-linux";
        builder = "/bin/sh";
        PATH = "/bin";
        args = [
          "-euc"
          ''
            mkdir -p "$out/bin"
            printf '#!/bin/sh\nPATH=/opt/lab/fleet/bin:$PATH exec /opt/lab/fleet/bin/fleet "$@"\n' >"$out/bin/fleet"
            chmod +x "$out/bin/fleet"
          ''
        ];
      };
    };
}
