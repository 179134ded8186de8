# Packages that only need to be there.
{
  builders,
  lib,
  stub,
}:
let
  versions = {
    bat = "0.26.0";
    btrfs-progs = "6.17";
    caddy = "2.10.2";
    dnsutils = "9.20.15";
    fd = "10.3.0";
    grafana = "12.2.1";
    hello = "2.12.2";
    htop = "3.4.1";
    iotop = "0.6";
    iperf3 = "3.19";
    lsof = "4.99.5";
    mariadb = "11.4.8";
    neovim = "0.11.5";
    nginx = "1.28.0";
    nodejs = "22.21.1";
    postgresql = "17.6";
    postgresql_16 = "16.10";
    prometheus = "3.7.2";
    python3 = "3.13.9";
    redis = "8.2.2";
    ripgrep = "15.1.0";
    rsync = "3.4.1";
    strace = "6.17";
    tailscale = "1.90.6";
    tcpdump = "4.99.5";
    tmux = "3.5a";
    tree = "2.2.1";
    vim = "9.1.1869";
    wget = "1.25.0";
    zsh = "5.9";
  };

  python3Packages = lib.mapAttrs (name: stub "python3.13-${name}") {
    numpy = "2.3.4";
    requests = "2.32.5";
    supervisor = "4.3.0";
  };

  # Named by its version only: what really boots in a guest is the lab's own kernel. QEMU's machine
  # `microvm`, which microvm.nix itself runs, has no ACPI with an unpacked one.
  image = if lib ? mkOptionType then "bzImage" else "kernel";
  kernel =
    version:
    builders.build "linux-${version}" ''
      mkdir "$out"
      ln -s /opt/lab/guest/${image} "$out/bzImage"
    '' { inherit version; };
in
lib.mapAttrs stub versions
// lib.mapAttrs (name: version: builders.guestProgram name version (../guest/programs + "/${name}.sh")) {
  docker = "28.5.1";
  kind = "0.30.0";
  kubectl = "1.34.1";
}
// {
  inherit python3Packages;
  python313Packages = python3Packages;
  linuxPackages.kernel = kernel "6.12.56";
  linuxPackages_latest.kernel = kernel "6.17.6";

  # Fails the way a package fails whose own build is broken.
  does-not-build = builders.build "does-not-build-1.0" ''
    echo "unpacking sources" >&2
    echo "main.c:12:3: error: unknown type name 'uint33_t'" >&2
    echo "make: *** [Makefile:7: main.o] Error 1" >&2
    exit 2
  '' { };
}
