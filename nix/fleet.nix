{
  buildNpmPackage,
  git,
  importNpmLock,
  installShellFiles,
  lib,
  makeWrapper,
  nodejs_24,
  openssh,
}:
let
  manifest = lib.importJSON ../package.json;
  lock = lib.importJSON ../package-lock.json;

  # Node comes from nixpkgs: that of a checkout is neither fetched nor asked for.
  checkoutNode = lib.importJSON ../scripts/node/package.json;
  withoutNode =
    package:
    package // { devDependencies = removeAttrs package.devDependencies [ checkoutNode.name ]; };
  packages =
    removeAttrs lock.packages (
      [ "scripts/node" ]
      ++ map (name: "node_modules/${name}") (
        [ checkoutNode.name ] ++ builtins.attrNames checkoutNode.optionalDependencies
      )
    )
    // {
      "" = withoutNode lock.packages."";
    };

  # package-lock.json names no registry, so that any mirror will do; Nix fetches from a whole url.
  withUrl =
    path: package:
    let
      name = package.name or (lib.last (lib.splitString "node_modules/" path));
      url = "https://registry.npmjs.org/${name}/-/${baseNameOf name}-${package.version}.tgz";
    in
    package // lib.optionalAttrs (path != "") { resolved = url; };
in
buildNpmPackage {
  pname = manifest.name;
  inherit (manifest) version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../CHANGELOG.md
      ../LICENSE
      ../README.md
      ../SECURITY.md
      ../docs
      ../fleet.yaml
      ../package-lock.json
      ../package.json
      ../schemas
      ../scripts
      ../src
    ];
  };

  nodejs = nodejs_24;
  npmDeps = importNpmLock {
    package = withoutNode manifest;
    packageLock = lock // {
      packages = lib.mapAttrs withUrl packages;
    };
  };
  inherit (importNpmLock) npmConfigHook;
  # ssh2 works without its native parts.
  npmRebuildFlags = [ "--ignore-scripts" ];
  # It would build once more.
  npmPackFlags = [ "--ignore-scripts" ];

  nativeBuildInputs = [
    installShellFiles
    makeWrapper
  ];
  # The man page is in package.json, too, as a list, which not every nixpkgs takes.
  postInstall = ''
    installManPage dist/fleet.1
    wrapProgram "$out/bin/fleet" --prefix PATH : ${
      lib.makeBinPath [
        git
        openssh
      ]
    }
    installShellCompletion --cmd fleet \
      --bash <($out/bin/fleet completion bash) \
      --fish <($out/bin/fleet completion fish) \
      --zsh <($out/bin/fleet completion zsh)
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    "$out/bin/fleet" --version | grep -Fx ${lib.escapeShellArg manifest.version}
  '';

  meta = {
    inherit (manifest) description;
    license = lib.licenses.mit;
    mainProgram = "fleet";
  };
}
