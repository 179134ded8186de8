# How packages are built here: plain derivations run by /bin/sh, with the hypervisor's own tools.
{
  lib,
  system,
  pkgs,
}:
let
  build =
    name: script: attrs:
    derivation (
      {
        inherit name system;
        builder = "/bin/sh";
        args = [
          "-euc"
          script
        ];
        PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
      }
      // attrs
    )
    // {
      inherit name;
      meta.mainProgram = attrs.mainProgram or name;
    };

  shell = "/bin/bash";
in
{
  runtimeShell = shell;

  # Any shell script as a builder, with attributes as environment variables.
  runCommand = name: attrs: script: build name script attrs;
  runCommandLocal = name: attrs: script: build name script attrs;

  writeText = name: text: build name ''cat "$textPath" > "$out"'' { inherit text; passAsFile = [ "text" ]; };
  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
    }:
    build name
      ''
        [ -z "$destination" ] || { file=$out$destination && mkdir -p "''${file%/*}"; }
        cat "$textPath" > "$out$destination"
        [ -z "$executable" ] || chmod +x "$out$destination"
      ''
      { inherit destination executable text; passAsFile = [ "text" ]; };
  writeShellScript =
    name: text:
    pkgs.writeTextFile {
      inherit name;
      text = "#!${shell}\n${text}\n";
      executable = true;
    };
  writeShellScriptBin =
    name: text:
    pkgs.writeTextFile {
      inherit name;
      text = "#!${shell}\n${text}\n";
      executable = true;
      destination = "/bin/${name}";
    }
    // { pname = name; };
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      ...
    }:
    pkgs.writeShellScriptBin name ''
      set -euo pipefail
      export PATH="${lib.makeBinPath runtimeInputs}:$PATH"
      ${text}'';

  # Many files in one derivation: path → { text }, { source } (a link) or { copyOf } (a file of the
  # hypervisor's own).
  writeTree =
    name: files:
    let
      entries = lib.imap0 (i: path: files.${path} // { inherit path; var = "file${toString i}"; }) (
        builtins.attrNames files
      );
      kind =
        file:
        if file ? text then
          "text"
        else if file ? copyOf then
          "copy"
        else
          "link";
    in
    # One process for all of them: a system has two hundred.
    build name
      ''
        perl -we '
          use strict;
          use File::Basename "dirname";
          use File::Path "make_path";
          make_path($ENV{out});
          for (split /\n/, $ENV{manifest}) {
            my ($kind, $var, $path) = split / /, $_, 3;
            $path = "$ENV{out}/$path";
            make_path(dirname($path));
            if ($kind eq "link") { symlink $ENV{$var}, $path or die "$path: $!\n"; next }
            my $source = $ENV{$kind eq "text" ? "''${var}Path" : $var};
            open(my $from, "<", $source) or die "$source: $!\n";
            open(my $to, ">", $path) or die "$path: $!\n";
            local $/;
            print $to (<$from> // "");
            close $to or die "$path: $!\n";
            chmod((stat $from)[2] & 0777, $path) if $kind eq "copy";
          }
        '
      ''
      (
        {
          manifest = lib.concatMapStringsSep "\n" (file: "${kind file} ${file.var} ${file.path}") entries;
          passAsFile = map (file: file.var) (builtins.filter (file: file ? text) entries);
        }
        // builtins.listToAttrs (
          map (file: lib.nameValuePair file.var (file.text or file.copyOf or "${file.source}")) entries
        )
      );

  symlinkJoin = { name, paths, ... }: pkgs.buildEnv { inherit name paths; };
  # The programs of several packages in one directory.
  buildEnv =
    { name, paths, ... }:
    build name
      ''
        mkdir -p "$out/bin"
        for path in $paths; do
          set -- "$path"/bin/*
          [ ! -e "$1" ] || ln -sf "$@" "$out/bin/"
        done
      ''
      { inherit paths; };

  # The programs of packages that are installed on the hypervisor.
  debian =
    name: packages:
    build name
      ''
        mkdir -p "$out/bin"
        dpkg -L $packages | grep -E '^(/usr)?/s?bin/[^/]+$' | while read -r program; do
          [ ! -x "$program" ] || ln -sf "$program" "$out/bin/"
        done
        # Debian calls it so by a link of its own making, which no package lists.
        [ ! -e "$out/bin/mawk" ] || ln -s /usr/bin/mawk "$out/bin/awk"
      ''
      { inherit packages; };

  # A program that does nothing but say what it is.
  stub =
    pname: version:
    build "${pname}-${version}"
      ''
        mkdir -p "$out/bin"
        printf '#!/bin/sh\necho "%s"\n' "$name" > "$out/bin/$pname"
        chmod +x "$out/bin/$pname"
      ''
      {
        inherit pname version;
        mainProgram = pname;
      };

  # A program that the lab's guest is given, too, to do there what its text says.
  guestProgram =
    pname: version: text:
    build "${pname}-${version}"
      ''
        mkdir -p "$out/bin"
        cp "$text" "$out/bin/$pname"
        chmod +x "$out/bin/$pname"
      ''
      {
        inherit pname text version;
        mainProgram = pname;
      }
    // {
      inGuest = true;
    };

  inherit build;
}
