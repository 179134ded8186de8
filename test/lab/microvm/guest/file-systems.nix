# Where volumes are mounted: by label, or by position when they have none.
{ cfg, lib }:
let
  # An own store disk comes first and takes the first letter.
  letters = lib.drop (if cfg.storeOnDisk then 1 else 0) (
    lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz"
  );
  mounted = lib.zipListsWith (volume: letter: volume // { inherit letter; }) cfg.volumes letters;
in
builtins.listToAttrs (
  map (volume: {
    name = volume.mountPoint;
    value = {
      device =
        if volume.label != null then "/dev/disk/by-label/${volume.label}" else "/dev/vd${volume.letter}";
      inherit (volume) fsType;
    };
  }) (builtins.filter (volume: volume.mountPoint != null) mounted)
)
