{
  description = "A plain hypervisor: what a fleet finds when it adopts a machine";

  inputs = {
    nixpkgs.url = "path:@inputs@/nixpkgs";
    microvm = {
      url = "path:@inputs@/microvm";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, microvm, ... }:
    {
      # One system per uplink address, all built before any of them is needed.
      packages.x86_64-linux = nixpkgs.lib.genAttrs (builtins.attrNames (builtins.readDir ./slots)) (
        slot:
        (nixpkgs.lib.nixosSystem {
          system = "x86_64-linux";
          modules = [
            microvm.nixosModules.host
            ./configuration.nix
            (./slots + "/${slot}")
          ];
        }).config.system.build.toplevel
      );
    };
}
