# A fleet as it is rendered, by hand: hypervisor hv1 with guests vm1 and vm2. The test that uses it
# fills in the inputs.
{
  inputs = {
    nixpkgs.url = "@nixpkgs@";
    microvm = {
      url = "@microvm@";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, ... }@inputs:
    let
      specialArgs.inputs = removeAttrs inputs [ "self" ];
    in
    {
      nixosConfigurations = builtins.mapAttrs (
        name: system:
        nixpkgs.lib.nixosSystem {
          inherit specialArgs system;
          modules = [ (./hosts + "/${name}") ];
        }
      ) (import ./hosts);
    };
}
