# record.sh ID FLEET COMMIT new|return [NAME FINGERPRINT PATH BEFORE EXPECTED]…: what is now deployed, as
# generations that nix-collect-garbage cannot take away. BEFORE: what PATH replaces, or "-".
fleet=$2 commit=$3 mode=$4
shift 4
mkdir -p "$state/deployed" "$state/expected" "$state/profiles" "$roots"
now=$(date +%s)
printf '%s\n' "$fleet" | write "$state/fleet"
while [ $# -ge 5 ]; do
	name=$1 fingerprint=$2 path=$3 before=$4 expected=$5
	shift 5
	# "system." cannot be a vm's name; its generations are the system profile's.
	if [ "$name" != system. ]; then
		profile=$state/profiles/$name
		# What ran before fleet came is a generation, too.
		if [ ! -L "$profile" ] && in_store "$before"; then set_profile "$profile" "$before" new; fi
		set_profile "$profile" "$path" "$mode"
	fi
	if [ "$before" != "$path" ] && in_store "$before"; then
		ln -sfn "$before" "$roots/previous-$name"
	fi
	ln -sfn "$path" "$roots/deployed-$name"
	printf '%s\n' "$expected" | write "$state/expected/${path##*/}"
	printf '%s\t%s\t%s\t%s\t%s\n' "$fingerprint" "$path" "$commit" "$now" "$expected" | write "$state/deployed/$name"
done
