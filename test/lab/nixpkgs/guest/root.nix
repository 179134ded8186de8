# What the lab's guest is given of its own system besides words on the kernel command line: a tar that is laid over its
# root. What sshd reads, groups, variables, and the scripts of its services with what they name in the store.
{
  config,
  lib,
  pkgs,
}:
let
  services = import ./multi-user.nix { inherit config lib; };
  scriptOf = name: service: ''
    #!/bin/sh
    set -e
    ${lib.concatStrings (
      lib.mapAttrsToList (key: value: "export ${key}=${lib.escapeShellArg "${toString value}"}\n") service.environment
    )}
    ${lib.concatMapStrings (folder: "mkdir -p /var/lib/${folder}\n") (
      lib.toList (service.serviceConfig.StateDirectory or [ ])
    )}
    ${service.script}
  '';
  # Only what has something to do in a guest; most packages here say their name and no more.
  programs = builtins.filter (package: package.inGuest or false) (
    config.environment.systemPackages ++ lib.concatMap (service: service.path) (builtins.attrValues services)
  );

  normal = builtins.filter (user: user.isNormalUser) (builtins.attrValues config.users.users);
  # Those that only a guest has; the others stand in its own file.
  groups = lib.subtractLists [ "kvm" "root" "users" "wheel" ] (builtins.attrNames config.users.groups);
  members = group: map (user: user.name) (builtins.filter (user: builtins.elem group user.extraGroups) normal);
  isPlain = value: builtins.match "[A-Za-z0-9_./:=-]*" "${toString value}" != null;

  tree = pkgs.writeTree "guest-files" (
    lib.concatMapAttrs (name: service: { "services/${name}".text = scriptOf name service; }) services
    // {
      group.text = lib.concatStrings (
        lib.imap0 (i: group: "${group}:x:${toString (500 + i)}:${lib.concatStringsSep "," (members group)}\n") groups
      );
      environment.text = toString (
        lib.mapAttrsToList (name: value: "${name}=${toString value}") (
          lib.filterAttrs (_: isPlain) config.environment.variables
        )
      );
    }
  );
in
pkgs.runCommand "guest-root.tar"
  {
    exportReferencesGraph = [
      "graph"
      tree
    ];
    inherit programs tree;
    ssh = "${config.system.build.etc}/ssh";
  }
  ''
    mkdir -p root/etc root/bin
    [ ! -d "$ssh" ] || cp -RL "$ssh" root/etc/ssh
    cp -RL "$tree" root/etc/lab
    chmod -R u+w root
    [ ! -d root/etc/lab/services ] || chmod +x root/etc/lab/services/*
    for program in $programs; do
      cp -f "$program"/bin/* root/bin
    done
    # Its scripts are there already.
    grep '^/nix/store/' graph | sort -u | grep -vxF "$tree" | while read -r path; do
      mkdir -p root/nix/store
      cp -RL "$path" root/nix/store
    done || true
    tar --create --file "$out" --owner=0 --group=0 --mode=u+rwX,go+rX-w --sort=name --directory root .
  ''
