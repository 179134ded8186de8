# Rendered by fleet from fleet.yaml: change it there.
{
  config,
  inputs,
  lib,
  pkgs,
  ...
}:
{
  imports = [ inputs.microvm.nixosModules.host ];

  boot.kernel.sysctl."net.ipv4.conf.all.forwarding" = lib.mkDefault true;

  environment.systemPackages = [ pkgs.git ];

  networking = {
    # networkd alone looks after TAPs, and after the bridges that networks.nix names.
    dhcpcd.denyInterfaces = [ "vm-*" ];

    nftables = {
      enable = true;
      # A flush would also take the tables of tailscale, Docker and the like.
      flushRuleset = lib.mkOverride 900 false;
    };
  };

  nix.settings.experimental-features = [
    "flakes"
    "nix-command"
  ];

  # Users have keys and no passwords.
  security.sudo.wheelNeedsPassword = lib.mkDefault false;

  services.openssh = {
    enable = true;
    settings.PasswordAuthentication = lib.mkDefault false;
  };

  systemd.network = {
    enable = true;
    # At every TAP that comes up it would take away what others have set: wg-quick, a second uplink, a person.
    config.networkConfig = {
      ManageForeignRoutes = lib.mkDefault false;
      ManageForeignRoutingPolicyRules = lib.mkDefault false;
    };
    # Without the uplink networkd has no link that ever counts as online, and boot would wait.
    wait-online.enable = lib.mkDefault config.networking.useNetworkd;
  };

  # After a power cut in mid-deployment each guest and the system are on what they were on before it, or on
  # what was confirmed, before any guest starts. What to do lies in the deployment's own folder.
  systemd.services.fleet-recover = {
    description = "Put an unfinished deployment in order";
    before = [ "fleet-autostart.service" ];
    wantedBy = [ "multi-user.target" ];
    restartIfChanged = false;
    unitConfig = {
      # Every deployment makes that file, a reboot takes it away.
      ConditionPathExists = "!/run/fleet/seen";
      RequiresMountsFor = [
        config.microvm.stateDir
        "/var/lib/fleet"
      ];
    };
    serviceConfig = {
      RemainAfterExit = true;
      Type = "oneshot";
    };
    script = ''
      for back in /var/lib/fleet/deployments/*/back.sh; do
        if [ ! -e "$back" ] || [ -e "''${back%/*}/result" ]; then continue; fi
        code=0
        ${pkgs.runtimeShell} "$back" boot || code=$?
        # It booted into a system that nobody confirmed, and reboots: nothing may start here.
        [ "$code" != 75 ] || exec sleep infinity
      done
    '';
  };
  systemd.services."microvm@".after = [ "fleet-recover.service" ];
  systemd.services."microvm-set-booted@".after = [ "fleet-recover.service" ];
  systemd.services."microvm-tap-interfaces@".after = [ "fleet-recover.service" ];

  # In place of microvm.autostart, which starts stopped guests at every switch.
  systemd.services.fleet-autostart = {
    description = "Start the guests of this hypervisor in order";
    # What guests share may be mounted from elsewhere.
    after = [ "network.target" "remote-fs.target" ];
    path = [ pkgs.iputils ];
    wantedBy = [ "multi-user.target" ];
    restartIfChanged = false;
    # Every deployment makes this file, a reboot takes it away.
    unitConfig.ConditionPathExists = "!/run/fleet/seen";
    serviceConfig = {
      RemainAfterExit = true;
      Type = "oneshot";
    };
    script = ''
      # Starts guests one by one, in the order of /etc/fleet/autostart. A line of it:
      #   NAME always|healthy ADDRESS TAP=BRIDGE[,TAP=BRIDGE...] NEEDED[,NEEDED...]
      # with - for no needs. healthy: only the runner that /var/lib/fleet/healthy/NAME names, which is
      # what was on it when it last looked well.
      R=''${FLEET_ROOT:-}
      # Seconds that each guest may have the host for itself.
      patience=''${FLEET_PATIENCE:-10}
      list=$R/etc/fleet/autostart
      started=' '
      late=' '

      # say PRIORITY TEXT: 3 error, 4 warning, 6 information.
      say() { echo "<$1>$2" >&2; }

      # Seconds since the boot: the clock may be set in between.
      uptime() {
        read -r up _ </proc/uptime
        echo "''${up%.*}"
      }

      # within SECONDS COMMAND...: true as soon as COMMAND is.
      within() {
        end=$(($(uptime) + $1))
        shift
        until "$@"; do
          [ "$(uptime)" -lt "$end" ] || return 1
          sleep 0.2
        done
      }

      is_up() {
        flags=0
        { read -r flags <"$R/sys/class/net/$1/flags"; } 2>/dev/null || return 1
        [ $((flags & 1)) = 1 ]
      }
      is_in() {
        master=$(readlink "$R/sys/class/net/$1/master") || return 1
        [ "''${master##*/}" = "$2" ]
      }
      answers() { ping -n -q -c 1 -W 1 "$1" >/dev/null 2>&1; }
      is_active() { systemctl is-active -q "microvm@$1.service"; }

      # Whoever waited for a bridge in vain waits for it once only.
      bridge_is_up() {
        case $late in *" $1 "*)
          is_up "$1"
          return
          ;;
        esac
        within $((patience * 3)) is_up "$1" || {
          late="$late$1 "
          return 1
        }
      }

      # needed NAME: whether a guest that others depend on runs. It may take a while until it answers.
      needed() {
        case $started in *" $1 "*) ;; *) return 1 ;; esac
        is_active "$1" || return 1
        while read -r other _ its_address _; do
          [ "$other" = "$1" ] || continue
          within $((patience * 6)) answers "$its_address" || say 4 "$vm: $1 does not answer, starting without"
        done <"$list"
      }

      # words A,B: its parts on lines of their own; nothing for -
      words() { [ "$1" = - ] || echo "$1" | tr , '\n'; }

      start() {
        sound=yes
        for nic in $(words "$nics"); do
          bridge_is_up "''${nic#*=}" || {
            say 3 "$vm: bridge ''${nic#*=} is not up"
            sound=
          }
        done
        # TAPs before the guest: networkd has them in their bridges when it comes up.
        systemctl start "microvm-tap-interfaces@$vm.service" || sound=
        for nic in $(words "$nics"); do
          within "$patience" is_in "''${nic%%=*}" "''${nic#*=}" || {
            say 3 "$vm: ''${nic%%=*} is not in bridge ''${nic#*=}"
            sound=
          }
        done
        systemctl start "microvm@$vm.service" || return 1
        # The next one starts when this one has booted, or takes its time.
        within "$patience" answers "$address" || true
        is_active "$vm" && [ -n "$sound" ]
      }

      while read -r vm when address nics needs <&3; do
        runner=$(readlink "$R/var/lib/microvms/$vm/current") || runner=
        healthy=
        if [ -f "$R/var/lib/fleet/healthy/$vm" ]; then read -r healthy <"$R/var/lib/fleet/healthy/$vm" || true; fi
        missing=
        for name in $(words "$needs"); do needed "$name" || missing=$name; done
        if [ -z "$runner" ]; then
          say 4 "$vm is not created yet: skipped"
        elif is_active "$vm"; then
          started="$started$vm "
        elif [ "$when" = healthy ] && [ "$healthy" != "$runner" ]; then
          say 4 "$vm was not healthy at the last look: skipped"
        elif [ -n "$missing" ]; then
          say 4 "$vm needs $missing, which does not run as it should: skipped"
        elif start; then
          started="$started$vm "
          say 6 "$vm started"
        else
          say 3 "$vm did not start as it should, going on with the next"
        fi
      done 3<"$list"
    '';
  };

  # Only for guests with run checks, whose runners have a share with this tag.
  systemd.services."fleet-guest-keys@" = {
    description = "ssh keys for guest %i";
    path = [ pkgs.openssh ];
    unitConfig.ConditionPathExists = "${config.microvm.stateDir}/%i/current/share/microvm/virtiofs/fleet-keys";
    serviceConfig.Type = "oneshot";
    scriptArgs = "%i";
    script = ''
      # guest-keys NAME: what a guest is given to be looked into, made once and kept. Its ssh host key, and
      # the public half of the key that the hypervisor logs in with. Nobody but root reads the folders.
      R=''${FLEET_ROOT:-}
      keys=$R/var/lib/fleet/guest-keys
      name=$1
      case $name in "" | *[!a-z0-9-]*) exit 1 ;; esac

      # key FILE COMMENT: a key pair. Of several that make it at once, one wins.
      key() {
        if [ ! -s "$1" ]; then
          new=$(mktemp -d "$keys/.new.XXXXXX")
          ssh-keygen -q -t ed25519 -N "" -C "$2" -f "$new/key"
          ln "$new/key" "$1" 2>/dev/null || [ -s "$1" ] || mv -f "$new/key" "$1"
          rm -rf "$new"
        fi
        ssh-keygen -y -f "$1" >"$1.pub.$$"
        mv -f "$1.pub.$$" "$1.pub"
      }

      mkdir -p "$R/var/lib/fleet"
      umask 077
      mkdir -p "$keys"
      key "$keys/check_ed25519" fleet-check
      # The guest's sshd reads who may log in as that user, not as root.
      umask 022
      mkdir -p "$keys/$name"
      umask 077
      key "$keys/$name/ssh_host_ed25519_key" "$name"
      umask 022
      echo "restrict $(cat "$keys/check_ed25519.pub")" >"$keys/$name/.authorized.$$"
      mv -f "$keys/$name/.authorized.$$" "$keys/$name/fleet-check"
    '';
  };

  systemd.services."microvm-virtiofsd@" = {
    after = [
      "fleet-guest-keys@%i.service"
      "fleet-recover.service"
    ];
    requires = [ "fleet-guest-keys@%i.service" ];
  };
}
