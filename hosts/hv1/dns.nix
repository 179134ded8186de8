# Rendered by fleet from fleet.yaml: change it there.
{
  networking.firewall.extraInputRules = ''
    iifname { "br-vm1", "br-vm2", "br-vm3", "br-vm4", "br-vm5" } meta l4proto { tcp, udp } th dport 53 accept
  '';

  services.dnsmasq = {
    enable = true;
    # The hypervisor's own look-ups stay as they are.
    resolveLocalQueries = false;
    settings = {
      # Bridges may come later: it follows them.
      bind-dynamic = true;
      except-interface = "lo";
      interface = [
        "br-vm1"
        "br-vm2"
        "br-vm3"
        "br-vm4"
        "br-vm5"
      ];
      no-hosts = true;
      no-resolv = true;
      server = [
        "1.1.1.1"
        "9.9.9.9"
      ];
    };
  };
}
