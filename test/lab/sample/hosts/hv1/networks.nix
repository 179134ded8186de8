{
  networking.dhcpcd.denyInterfaces = [
    "br-*"
    "vm-*"
  ];
  systemd.network.netdevs."10-br-lan".netdevConfig = {
    Kind = "bridge";
    Name = "br-lan";
  };
  systemd.network.networks."10-br-lan" = {
    matchConfig.Name = "br-lan";
    address = [ "10.1.0.1/24" "fd00:1::1/64" ];
    linkConfig.RequiredForOnline = "no";
    networkConfig.ConfigureWithoutCarrier = true;
  };
  systemd.network.networks."20-br-lan" = {
    matchConfig.Name = "vm-vm1 vm-vm2";
    linkConfig.RequiredForOnline = "no";
    networkConfig.Bridge = "br-lan";
  };
  networking.nftables.tables.fleet = {
    family = "inet";
    content = ''
      chain postrouting {
        type nat hook postrouting priority srcnat;
        iifname "br-lan" oifname "host0" masquerade
      }
    '';
  };
}
