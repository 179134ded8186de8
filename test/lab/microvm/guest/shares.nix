# virtiofsd-run: one daemon per share behind a socket that QEMU must be able to connect to. Folders have virtiofsd itself,
# under supervisord, as with microvm.nix. Behind the socket of the store there is nothing: no guest of the lab would look
# into it. A guest that shares the store alone has a stand-in for supervisord, which a start of Python for each would be
# dear for.
{ cfg, lib, pkgs }:
let
  shares = builtins.filter (share: share.proto == "virtiofs") cfg.shares;
  isStore = share: share.source == "/nix/store";
  sockets = lib.concatMapStringsSep " " (share: lib.escapeShellArg share.socket) shares;

  words =
    share:
    if isStore share then
      [
        "/usr/bin/socat"
        "UNIX-LISTEN:${share.socket},fork,group=kvm,mode=660,unlink-early"
        "EXEC:/usr/bin/sleep infinity"
      ]
    else
      [
        "/usr/libexec/virtiofsd"
        "--socket-path=${share.socket}"
        "--socket-group=kvm"
        "--shared-dir=${share.source}"
      ]
      ++ lib.optional share.readOnly "--readonly";

  # Tells systemd once all daemons run, and this listener, as microvm.nix's does.
  notify = builtins.toFile "notify.py" ''
    import subprocess
    import sys

    running = 0
    while True:
        print("READY", flush=True)
        event = dict(word.split(":") for word in sys.stdin.readline().split())
        sys.stdin.read(int(event["len"]))
        running += {"PROCESS_STATE_RUNNING": 1, "PROCESS_STATE_STOPPING": -1}.get(event["eventname"], 0)
        if running > ${toString (builtins.length shares)}:
            subprocess.run(["systemd-notify", "--ready"])
        print("RESULT 2\nOK", end="", flush=True)
  '';

  # A percent sign would begin a variable of supervisord's.
  quoted = word: lib.replaceStrings [ "%" ] [ "%%" ] (lib.escapeShellArg word);
  program = share: ''
    [program:virtiofsd-${share.tag}]
    command=${lib.concatMapStringsSep " " quoted (words share)}
    stdout_syslog=true
    stderr_syslog=true
  '';
  supervisord = builtins.toFile "supervisord.conf" ''
    [supervisord]
    nodaemon=true
    user=root

    [eventlistener:notify]
    command=/usr/bin/python3 ${notify}
    events=PROCESS_STATE
    buffer_size=${toString (16 * (1 + builtins.length shares))}

    ${lib.concatMapStrings program shares}
  '';
in
lib.optionalAttrs (shares != [ ]) {
  virtiofsd-run =
    if builtins.all isStore shares then
      ''
        set -eu
        PATH=${lib.makeBinPath (with pkgs; [ coreutils systemd ])}
        # One that ends is started again, and its unit stays as it is.
        ${lib.concatMapStrings (share: ''
          while :; do ${lib.escapeShellArgs (words share)} || sleep 1; done &
        '') shares}
        for socket in ${sockets}; do
          until [ "$(stat -c %G "$socket" 2>/dev/null)" = kvm ]; do sleep 0.05; done
        done
        # Under supervisord it takes its time, and its guest waits with a queued start; so does its end.
        sleep 2
        trap 'sleep 1; exit 0' TERM
        # It fails where systemd takes over 5 s to hear it; that a daemon ended is no news of this kind.
        systemd-notify --ready || :
        while :; do wait; done
      ''
    else
      "exec /usr/bin/supervisord --configuration ${supervisord}\n";
}
