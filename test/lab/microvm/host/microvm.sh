# shellcheck shell=bash
# The `microvm` command, step for step as the real one goes: what is printed differs, what is done,
# in which order, and what a failure half-way leaves behind does not.
set -e
PATH=@path@:$PATH
STATE=@stateDir@
action=help
flake=git+file:///etc/nixos
restart=n

while getopts ":c:C:f:uRr:s:l" option; do
  case $option in
    c) action=create name=$OPTARG ;;
    u) action=update name=$OPTARG ;;
    r) action=run name=$OPTARG ;;
    s) action=ssh name=$OPTARG ;;
    l) action=list ;;
    f) flake=$OPTARG ;;
    R) restart=y ;;
    *) action=help ;;
  esac
done
shift $((OPTIND - 1))
directory=$STATE/$name

# Builds the runner of a vm into `current` of the directory it is called in.
build() {
  if [ -e toplevel ]; then
    echo 'This MicroVM is managed fully declaratively and cannot be updated manually!'
    return 1
  fi
  nix build -o current "$(cat flake)#nixosConfigurations.$1.config.microvm.declaredRunner" > /dev/null
  chmod -R u+rwX .
}

create() {
  local temporary
  temporary=$(mktemp -d)
  cd "$temporary"
  echo -n "$flake" > flake
  build "$name"
  cd - > /dev/null
  if [ -e "$directory" ]; then
    echo "$directory already exists."
    exit 1
  fi
  mv "$temporary" "$directory"
  chown :kvm -R "$directory"
  chmod -R a+rX "$directory"
  chmod g+w "$directory"

  local roots=/nix/var/nix/gcroots/microvm
  mkdir -p "$roots"
  rm -f "$roots/$name"
  ln -s "$directory/current" "$roots/$name"
  rm -f "$roots/booted-$name"
  ln -s "$directory/booted" "$roots/booted-$name"
  echo "Created MicroVM $name. Start with: systemctl start microvm@$name.service"
}

# One by one; the first failure ends it, and leaves the ones before it updated and restarted.
update() {
  local old new
  for name in "$@"; do
    pushd "$STATE/$name" > /dev/null
    old=
    [ -L current ] && old=$(readlink current)
    build "$name"
    new=$(readlink current)
    # A failing diff ends the script here: `current` is new, nothing is restarted.
    [ -n "$old" ] && nix store diff-closures "$old" "$new"

    if [ -L booted ]; then
      if [ "$new" = "$(readlink booted)" ]; then
        echo "No reboot of MicroVM $name required."
      elif [ $restart = y ]; then
        echo "Rebooting MicroVM $name"
        systemctl restart "microvm@$name.service"
      else
        echo "Reboot MicroVM $name for the new profile: systemctl restart microvm@$name.service"
      fi
    elif [ "$restart" = y ]; then
      echo "Booting MicroVM $name"
      systemctl restart "microvm@$name.service"
    fi
  done
}

list() {
  local dir name running state
  for dir in "$STATE"/*; do
    name=$(basename "$dir")
    [ -L "$dir/current" ] || continue
    running=$(readlink "$dir/current/share/microvm/system")
    if [ -e "$dir/toplevel" ]; then
      state=$(readlink "$dir/toplevel")
    else
      state=$(nix eval --raw "$(cat "$dir/flake")#nixosConfigurations.$name.config.system.build.toplevel" || echo error)
    fi
    if [ "$running" != "$state" ]; then
      echo "$name: outdated(${running#*-}), rebuild(${state#*-}) and reboot: microvm -Ru $name"
    elif [ ! -L "$dir/booted" ]; then
      echo "$name: current(${running#*-}), not booted: systemctl start microvm@$name.service"
    elif [ "$state" = "$(readlink "$dir/booted/share/microvm/system")" ]; then
      echo "$name: current(${running#*-})"
    else
      echo "$name: stale($(readlink "$dir/booted/share/microvm/system")), reboot(${state#*-}): systemctl restart microvm@$name.service"
    fi
  done
}

case $action in
  help) echo "Usage: $0 -c <name> | -u <names> | -r <name> | -l, with -f <flake> -R" ;;
  create) create ;;
  update) update "$@" ;;
  run)
    cd "$directory"
    exec ./current/bin/microvm-run
    ;;
  list) list ;;
  ssh)
    echo "MicroVM $name does not have VSOCK enabled"
    exit 1
    ;;
esac
