# virtiofsd-run: one socket per share that QEMU must be able to connect to, then readiness.
{ cfg, lib, pkgs }:
let
  shares = builtins.filter (share: share.proto == "virtiofs") cfg.shares;
  sockets = lib.concatMapStringsSep " " (share: lib.escapeShellArg share.socket) shares;
in
lib.optionalAttrs (shares != [ ]) {
  virtiofsd-run = ''
    set -eu
    PATH=${lib.makeBinPath (with pkgs; [ coreutils socat systemd ])}
    for socket in ${sockets}; do
      rm -f "$socket"
      socat "UNIX-LISTEN:$socket,fork,group=kvm,mode=660" EXEC:'sleep infinity' &
    done
    for socket in ${sockets}; do
      until [ -S "$socket" ]; do sleep 0.05; done
    done
    systemd-notify --ready
    # The first daemon that ends takes the others with it.
    wait -n
    exit 1
  '';
}
