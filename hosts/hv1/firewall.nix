# Rendered by fleet from fleet.yaml: change it there.
{
  networking.nftables.tables.fleet = {
    content = ''
      set bridges {
        type ifname
        elements = {
          "br-vm1",
          "br-vm2",
          "br-vm3",
          "br-vm4",
          "br-vm5",
        }
      }

      set isolated {
        type ifname
        elements = {
          "br-vm1",
          "br-vm2",
          "br-vm3",
          "br-vm4",
          "br-vm5",
        }
      }

      set open {
        type ifname
      }

      set allowed {
        type ifname . ifname
        elements = {
          "br-vm1" . "br-vm1",
          "br-vm1" . "br-vm2",
          "br-vm2" . "br-vm2",
          "br-vm3" . "br-vm3",
          "br-vm4" . "br-vm4",
          "br-vm5" . "br-vm5",
        }
      }

      set restricted {
        type ifname
        elements = {
          "br-vm3",
        }
      }

      set silent {
        type ifname
      }

      set egress {
        type ifname . inet_proto . inet_service
        elements = {
          "br-vm3" . tcp . 443,
          "br-vm3" . tcp . 80,
        }
      }

      set metadata {
        type ifname
      }

      set sources4 {
        type ifname . ipv4_addr
        flags interval
        elements = {
          "br-vm1" . 10.1.0.0/24,
          "br-vm2" . 10.2.0.0/24,
          "br-vm3" . 10.3.0.0/24,
          "br-vm4" . 10.4.0.0/24,
          "br-vm5" . 10.5.0.0/24,
        }
      }

      set sources6 {
        type ifname . ipv6_addr
        flags interval
      }

      chain refuse {
        meta l4proto tcp reject with tcp reset
        reject with icmpx admin-prohibited
      }

      chain sources {
        type filter hook prerouting priority raw; policy accept;
        iifname @bridges meta nfproto ipv4 ip saddr != 0.0.0.0 iifname . ip saddr != @sources4 drop
        iifname @bridges meta nfproto ipv6 ip6 saddr != { ::, fe80::/10 } iifname . ip6 saddr != @sources6 drop
        iifname @bridges icmpv6 type { nd-router-advert, nd-redirect } drop
      }

      chain metadata {
        type filter hook prerouting priority mangle; policy accept;
        iifname @bridges iifname != @metadata ip daddr { 100.100.100.200, 168.63.129.16, 169.254.0.0/16, 192.0.0.192 } drop
        iifname @bridges iifname != @metadata ip6 daddr { fd00:42::42, fd00:a9fe:a9fe::1, fd00:c1::a9fe:a9fe, fd00:ec2::/32, fd00:100::100:200, fd20:ce::254 } drop
      }

      chain publish {
        type nat hook prerouting priority dstnat; policy accept;
        iifname "enP2p4s0" fib daddr type local meta nfproto ipv4 tcp dport 8080 dnat ip to 10.1.0.2:80
      }

      chain input {
        type filter hook input priority filter; policy accept;
        ct state { established, related } accept
        meta l4proto { icmp, icmpv6 } accept
        iifname @silent meta l4proto { tcp, udp } th dport 53 goto refuse
        meta l4proto { tcp, udp } th dport 53 accept
        iifname @isolated goto refuse
      }

      chain forward {
        type filter hook forward priority filter; policy accept;
        ct state { established, related } accept
        iifname . oifname @allowed accept
        iifname @open oifname @open accept
        iifname @bridges oifname @bridges goto refuse
        iifname "enP2p4s0" oifname "br-vm1" ct status dnat ip daddr 10.1.0.2 tcp dport 80 accept
        iifname "tailscale0" oifname @bridges accept
        iifname @bridges oifname "tailscale0" goto refuse
        oifname @isolated drop
        iifname @metadata ip daddr { 100.100.100.200, 168.63.129.16, 169.254.0.0/16, 192.0.0.192 } accept
        iifname @metadata ip6 daddr { fd00:42::42, fd00:a9fe:a9fe::1, fd00:c1::a9fe:a9fe, fd00:ec2::/32, fd00:100::100:200, fd20:ce::254 } accept
        iifname . meta l4proto . th dport @egress accept
        iifname @restricted goto refuse
      }

      chain nat {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr 10.1.0.0/24 oifname "enP2p4s0" masquerade
        ip saddr 10.2.0.0/24 oifname "enP2p4s0" masquerade
        ip saddr 10.3.0.0/24 oifname "enP2p4s0" masquerade
        ip saddr 10.4.0.0/24 oifname "enP2p4s0" masquerade
        ip saddr 10.5.0.0/24 oifname "enP2p4s0" masquerade
      }
    '';
    family = "inet";
  };
}
