# Rendered by fleet from fleet.yaml: change it there.
{ config, lib, ... }:
{
  boot.kernel.sysctl."net.ipv6.conf.all.forwarding" = lib.mkDefault true;

  # IPv6 default routes stay, as advertised.
  environment.etc."sysctl.d/50-fleet.conf" = {
    enable = !config.networking.useNetworkd && !(builtins.elem (config.boot.kernel.sysctl."net.ipv6.conf.default.accept_ra" or 1) [ 0 "0" false ]);
    text = ''
      -net/ipv6/conf/*/accept_ra = 2
      -net/ipv6/conf/br-vm1/accept_ra = 0
      -net/ipv6/conf/br-vm2/accept_ra = 0
      -net/ipv6/conf/br-vm3/accept_ra = 0
      -net/ipv6/conf/br-vm4/accept_ra = 0
      -net/ipv6/conf/br-vm5/accept_ra = 0
    '';
  };

  networking = {
    dhcpcd.denyInterfaces = [
      "br-vm1"
      "br-vm2"
      "br-vm3"
      "br-vm4"
      "br-vm5"
    ];
    networkmanager.unmanaged = [
      "interface-name:br-vm1"
      "interface-name:br-vm2"
      "interface-name:br-vm3"
      "interface-name:br-vm4"
      "interface-name:br-vm5"
    ];
  };

  systemd.network = {
    netdevs = {
      "10-br-vm1".netdevConfig = {
        Kind = "bridge";
        Name = "br-vm1";
      };
      "10-br-vm2".netdevConfig = {
        Kind = "bridge";
        Name = "br-vm2";
      };
      "10-br-vm3".netdevConfig = {
        Kind = "bridge";
        Name = "br-vm3";
      };
      "10-br-vm4".netdevConfig = {
        Kind = "bridge";
        Name = "br-vm4";
      };
      "10-br-vm5".netdevConfig = {
        Kind = "bridge";
        Name = "br-vm5";
      };
    };
    # A bridge has its address before the first guest, and nothing waits for its carrier.
    networks = {
      "10-br-vm1" = {
        address = [ "10.1.0.1/24" ];
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = "br-vm1";
        networkConfig = {
          ConfigureWithoutCarrier = true;
          LinkLocalAddressing = "no";
        };
      };
      "10-br-vm2" = {
        address = [ "10.2.0.1/24" ];
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = "br-vm2";
        networkConfig = {
          ConfigureWithoutCarrier = true;
          LinkLocalAddressing = "no";
        };
      };
      "10-br-vm3" = {
        address = [ "10.3.0.1/24" ];
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = "br-vm3";
        networkConfig = {
          ConfigureWithoutCarrier = true;
          LinkLocalAddressing = "no";
        };
      };
      "10-br-vm4" = {
        address = [ "10.4.0.1/24" ];
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = "br-vm4";
        networkConfig = {
          ConfigureWithoutCarrier = true;
          LinkLocalAddressing = "no";
        };
      };
      "10-br-vm5" = {
        address = [ "10.5.0.1/24" ];
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = "br-vm5";
        networkConfig = {
          ConfigureWithoutCarrier = true;
          LinkLocalAddressing = "no";
        };
      };
      "20-br-vm1" = {
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = [ "vm-vm1" ];
        networkConfig.Bridge = "br-vm1";
      };
      "20-br-vm2" = {
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = [ "vm-vm2" ];
        networkConfig.Bridge = "br-vm2";
      };
      "20-br-vm3" = {
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = [ "vm-vm3" ];
        networkConfig.Bridge = "br-vm3";
      };
      "20-br-vm4" = {
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = [ "vm-vm4" ];
        networkConfig.Bridge = "br-vm4";
      };
      "20-br-vm5" = {
        linkConfig.RequiredForOnline = "no";
        matchConfig.Name = [ "vm-vm5" ];
        networkConfig.Bridge = "br-vm5";
      };
    };
  };
}
