{
  description = "A plain hypervisor: what a fleet finds when it adopts a machine";

  inputs.nixpkgs.url = "path:@inputs@/nixpkgs";

  outputs =
    { nixpkgs, ... }:
    {
      # One system per uplink address, all built before any of them is needed.
      packages.x86_64-linux = nixpkgs.lib.genAttrs (builtins.attrNames (builtins.readDir ./slots)) (
        slot:
        (nixpkgs.lib.nixosSystem {
          system = "x86_64-linux";
          modules = [
            ./configuration.nix
            (./slots + "/${slot}")
          ];
        }).config.system.build.toplevel
      );
    };
}
