# What microvm.nix itself wants of a package set, beside what the lab's other packages are.
{
  builders,
  lib,
  pkgs,
}:
let
  inherit (builders) build debian stub;

  # A package as callers of nixpkgs treat it: overridden, asked how it was configured.
  package =
    drv:
    drv
    // {
      configureFlags = [ ];
      override = _: package drv;
      overrideAttrs = _: package drv;
    };
in
{
  _type = "pkgs";

  python3 = debian "python3-3.13" [ "python3-minimal" ] // {
    meta.mainProgram = "python3";
  };
  python3Packages = pkgs.python313Packages // {
    supervisor = debian "supervisor-4.2" [ "supervisor" ];
  };
  qemu-utils = stub "qemu-utils" "10.0";
  qemu = package (debian "qemu-10.0" [ "qemu-system-x86" ]);
  qemu_kvm = pkgs.qemu;
  # Stopping it takes until systemd loses patience.
  qemu_deaf = package (
    pkgs.writeShellScriptBin "qemu-system-x86_64" ''
      exec /usr/bin/env --block-signal=TERM ${pkgs.qemu}/bin/qemu-system-x86_64 "$@"
    ''
  );
  # A machine in which labs run may not let anybody raise the number of open files.
  virtiofsd =
    pkgs.writeShellScriptBin "virtiofsd" ''
      words=()
      while [ $# -gt 0 ]; do
        case $1 in --rlimit-nofile) shift 2 ;; *) words+=("$1") && shift ;; esac
      done
      exec /usr/libexec/virtiofsd "''${words[@]}"
    ''
    // {
      meta.mainProgram = "virtiofsd";
    };
  netcat = stub "netcat" "1.10";
  libusb1 = stub "libusb1" "1.0";
  linux.target = "bzImage";

  replaceVars =
    file: values:
    builders.writeText (baseNameOf file) (
      builtins.replaceStrings (map (name: "@${name}@") (builtins.attrNames values)) (map toString (
        builtins.attrValues values
      )) (builtins.readFile file)
    );
  writers.writePython3 =
    name: _: source:
    build name
      ''
        echo "#!/usr/bin/python3" | cat - "$source" > "$out"
        chmod +x "$out"
      ''
      { inherit source; };
  closureInfo =
    { rootPaths }:
    build "closure-info"
      ''
        mkdir "$out"
        : > "$out/registration"
        printf '%s\n' $rootPaths > "$out/store-paths"
      ''
      { inherit rootPaths; };
  writeClosure = paths: builders.writeText "closure" (lib.concatLines (map toString paths));
  runCommand =
    name: attrs: script:
    build name script (builtins.removeAttrs attrs [ "passthru" "meta" ]) // (attrs.passthru or { }) // attrs
    // {
      passthru = attrs.passthru or { };
    };
}
