{
  imports = [
    ../../modules/hypervisor.nix
    ./config.nix
    ./hardware-configuration.nix
    ./networks.nix
  ];
}
