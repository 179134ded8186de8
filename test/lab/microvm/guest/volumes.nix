# Makes the images of volumes that do not exist yet; size and label act only then.
{ lib, pkgs }:
volume:
let
  label = lib.optionalString (volume.label != null) "-L '${volume.label}'";
in
lib.optionalString volume.autoCreate ''
  if [ ! -e '${volume.image}' ]; then
    touch '${volume.image}'
    truncate -s ${toString volume.size}M '${volume.image}'
    PATH=$PATH:${lib.makeBinPath [ pkgs.coreutils pkgs.e2fsprogs ]} \
      mkfs.${volume.fsType} ${label} ${lib.escapeShellArgs volume.mkfsExtraArgs} '${volume.image}'
  fi
''
