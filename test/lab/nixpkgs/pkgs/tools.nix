# Tools that do their real work in the lab.
{ debian }:
{
  # NixOS's bash also goes by the name of sh; Debian's sh is dash.
  bash = debian "bash-5.2" [
    "bash"
    "dash"
  ];
  bashInteractive = debian "bash-interactive-5.2" [
    "bash"
    "dash"
  ];
  coreutils = debian "coreutils-9.7" [ "coreutils" ];
  coreutils-full = debian "coreutils-full-9.7" [ "coreutils" ];
  curl = debian "curl-8.14" [ "curl" ];
  diffutils = debian "diffutils-3.10" [ "diffutils" ];
  e2fsprogs = debian "e2fsprogs-1.47" [ "e2fsprogs" ];
  findutils = debian "findutils-4.10" [ "findutils" ];
  fping = debian "fping-5.1" [ "fping" ];
  gawk = debian "gawk-5.2" [ "mawk" ];
  getent = debian "getent" [ "libc-bin" ];
  git = debian "git-2.47" [ "git" ];
  gitMinimal = debian "git-minimal-2.47" [ "git" ];
  gnugrep = debian "gnugrep-3.11" [ "grep" ];
  gnused = debian "gnused-4.9" [ "sed" ];
  gnutar = debian "gnutar-1.35" [ "tar" ];
  gzip = debian "gzip-1.13" [ "gzip" ];
  hostname = debian "hostname-3.25" [ "hostname" ];
  iproute2 = debian "iproute2-6.15" [ "iproute2" ];
  iputils = debian "iputils-20240905" [ "iputils-ping" ];
  jq = debian "jq-1.7" [ "jq" ];
  kmod = debian "kmod-34" [ "kmod" ];
  nftables = debian "nftables-1.1" [ "nftables" ];
  nix = debian "nix-2.26" [ "nix-bin" ];
  openssh = debian "openssh-10.0" [
    "openssh-client"
    "openssh-server"
  ];
  procps = debian "procps-4.0" [ "procps" ];
  qemu = debian "qemu-10.0" [ "qemu-system-x86" ];
  qemu_kvm = debian "qemu-host-cpu-only-10.0" [ "qemu-system-x86" ];
  shadow = debian "shadow-4.17" [
    "login"
    "passwd"
  ];
  socat = debian "socat-1.8" [ "socat" ];
  systemd = debian "systemd-257" [ "systemd" ];
  util-linux = debian "util-linux-2.41" [
    "mount"
    "util-linux"
  ];
  xz = debian "xz-5.8" [ "xz-utils" ];
}
