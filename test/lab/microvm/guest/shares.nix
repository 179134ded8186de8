# virtiofsd-run: one socket per share that QEMU must be able to connect to, then readiness. Behind
# that of the store there is nothing: no guest of the lab would look into it.
{ cfg, lib, pkgs }:
let
  shares = builtins.filter (share: share.proto == "virtiofs") cfg.shares;
  isStore = share: share.source == "/nix/store";
  stores = builtins.filter isStore shares;
  folders = builtins.filter (share: !isStore share) shares;
  sockets = lib.concatMapStringsSep " " (share: lib.escapeShellArg share.socket) shares;
in
lib.optionalAttrs (shares != [ ]) {
  virtiofsd-run = ''
    set -eu
    PATH=${lib.makeBinPath (with pkgs; [ coreutils socat systemd ])}
    for socket in ${sockets}; do
      rm -f "$socket"
    done
    ${lib.concatMapStrings (share: ''
      socat UNIX-LISTEN:${share.socket},fork,group=kvm,mode=660 EXEC:'sleep infinity' &
    '') stores}
    # It ends well with its guest, and there is another one for the next.
    ${lib.concatMapStrings (share: ''
      while /usr/libexec/virtiofsd --socket-path=${share.socket} --socket-group=kvm \
        --shared-dir=${lib.escapeShellArg share.source} ${lib.optionalString share.readOnly "--readonly"}; do :; done &
    '') folders}
    for socket in ${sockets}; do
      until [ "$(stat -c %G "$socket" 2>/dev/null)" = kvm ]; do sleep 0.05; done
    done
    # Under supervisord it takes its time, and its guest waits with a queued start; so does its end.
    sleep 2
    trap 'sleep 1; exit 0' TERM
    # It fails where systemd takes over 5 s to hear it; that a daemon ended is no news of this kind.
    systemd-notify --ready || :
    # The first daemon that ends takes the others with it.
    wait -n
    exit 1
  '';
}
