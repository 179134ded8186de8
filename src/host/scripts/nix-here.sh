# nix-here.sh: prints the systems that the Nix of this machine builds for, itself or with remote builders. Nothing: there is
# no Nix.
command -v nix >/dev/null || exit 0
settings() { nix --extra-experimental-features nix-command "$@" 2>/dev/null; }
found=$(settings show-config) || found=$(settings config show) || found=
builders=$(printf '%s\n' "$found" | sed -n 's/^builders = //p' | tr ';' '\n')
case $builders in @*) builders=$(cat "${builders#@}" 2>/dev/null) || builders= ;; esac
{
	printf '%s\n' "$found" | sed -n 's/^system = //p; s/^extra-platforms = //p'
	# A builder's address, then its systems.
	printf '%s\n' "$builders" | sed -n 's/^ *[^# ][^ ]*  *\([^ ][^ ]*\).*/\1/p'
} | tr -s ' ,' '\n' | sed -n 's/^[a-z0-9_]*-[a-z]*$/&/p' | sort -u | while read -r system; do answer system "$system"; done
