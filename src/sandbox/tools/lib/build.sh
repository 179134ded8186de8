# shellcheck shell=sh
# Sourced by the stand-in for nix. An evaluation is a folder of facts about one machine, kept per
# commit in sandbox/evaluations; a build makes a store path of it.

store=$R/nix/store

# evaluations CHECKOUT: the folder for what is checked out there, as `evaluations`.
evaluations() {
	# Nobody changes it under a nix that works there.
	[ "${evaluations_of:-}" != "$1" ] || return 0
	commit=$(git -C "$1" rev-parse -q --verify HEAD) || {
		echo "error: '$1' is not a Git repository, or has no commit" >&2
		return 1
	}
	if [ -n "$(git -C "$1" status --porcelain --untracked-files=no)" ]; then
		echo "warning: Git tree '$1' is dirty" >&2
		commit=dirty-$$
	fi
	evaluations=$box/evaluations/$commit evaluations_of=$1
}

# evaluate CHECKOUT NAME…: those that are not known yet, all by one awk.
evaluate() {
	checkout=$1 new='' names=' '
	shift
	evaluations "$checkout" || return
	for name; do
		case "$names" in *" $name "*) continue ;; esac
		names="$names$name "
		[ -d "$evaluations/$name" ] || new="$new $name"
	done
	[ -n "$new" ] || return 0
	work=$box/evaluations/.$$
	# shellcheck disable=SC2086 # names have no spaces
	(mkdir -p "$evaluations" "$work" && cd "$work" && mkdir $new)
	git -C "$checkout" ls-files >"$work/.tracked"
	code=0
	awk -f "$tools/lib/nix.awk" -f "$tools/lib/machine.awk" -v folder="$checkout" -v out="$work" \
		-v listing="$work/.tracked" -v names="$new" || code=$?
	if [ "$code" = 0 ]; then
		# One hash for each, in the order asked for.
		for name in $new; do echo "$work/$name/source"; done | git hash-object --no-filters --stdin-paths |
			for name in $new; do
				read -r hash
				# No hash of Nix' has an e.
				while :; do case $hash in *e*) hash=${hash%%e*}z${hash#*e} ;; *) break ;; esac done
				printf '%.32s\n' "$hash" >"$work/$name/hash"
				rm -f "$work/$name/source"
				mv "$work/$name" "$evaluations/$name" 2>/dev/null || true
			done
	fi
	rm -rf "$work"
	return "$code"
}

# parse INSTALLABLE: git+file://CHECKOUT#nixosConfigurations.NAME.config.ATTRIBUTE into checkout,
# name, attribute.
parse() {
	checkout=${1%%#*} name=${1#*#nixosConfigurations.}
	checkout=${checkout#git+file://} attribute=${name#*.config}
	name=${name%%.config*} attribute=${attribute#.}
}

# evaluated INSTALLABLE: its folder of facts as `found`.
evaluated() {
	parse "$1"
	evaluate "$checkout" "$name" && found=$evaluations/$name
}

# attribute_path INSTALLABLE: prints the store path that it evaluates to.
attribute_path() {
	evaluated "$1" || return
	read -r hash <"$found/hash"
	case $attribute in
	microvm.declaredRunner)
		[ -f "$found/hypervisor" ] || {
			echo "error: attribute 'declaredRunner' missing" >&2
			return 1
		}
		read -r hypervisor <"$found/hypervisor"
		echo "$store/$hash-microvm-$hypervisor-$name"
		;;
	system.build.toplevel) echo "$store/$hash-nixos-system-$name-25.11" ;;
	*)
		echo "error: attribute '$attribute' missing" >&2
		return 1
		;;
	esac
}

# build [--no-link | -o LINK] [--keep-going] [-L] INSTALLABLE…
build() {
	link=result keep_going='' failures=0 installables=''
	while [ $# -gt 0 ]; do
		case $1 in
		--no-link) link='' ;;
		-o | --out-link) link=$2 && shift ;;
		--keep-going) keep_going=1 ;;
		-*) ;;
		*) installables="$installables $1" ;;
		esac
		shift
	done
	# Everything is evaluated before anything is built; all of one checkout, by fleet's habit.
	set --
	for installable in $installables; do
		parse "$installable"
		set -- "$@" "$name"
	done
	evaluate "$checkout" "$@" || return
	for installable in $installables; do
		path=$(attribute_path "$installable") || return
		parse "$installable"
		if [ ! -e "$path" ] && ! realise "$evaluations/$name" "$path"; then
			failures=$((failures + 1))
			[ -n "$keep_going" ] || return 1
		elif [ -n "$link" ]; then
			ln -sfn "$path" "$link"
			case $link in /*) add_root "$link" ;; *) add_root "$PWD/$link" ;; esac
		fi
	done
	case $commit in dirty-*) rm -rf "$evaluations" ;; esac
	[ "$failures" = 0 ]
}

# realise FACTS PATH: builds one store path, whole or not at all.
realise() {
	fails=
	if [ -f "$1/packages" ]; then
		while read -r package; do [ "$package" != does-not-build ] || fails=yes; done <"$1/packages"
	fi
	if [ -n "$fails" ]; then
		cat >&2 <<-END
			does-not-build> unpacking sources
			does-not-build> building
			does-not-build> main.c:1:10: fatal error: missing.h: No such file or directory
			error: builder for '$store/$(cat "$1/hash")-does-not-build.drv' failed with exit code 1;
			       last 2 log lines:
			       > building
			       > main.c:1:10: fatal error: missing.h: No such file or directory
			       For full logs, run 'nix log $store/$(cat "$1/hash")-does-not-build.drv'.
		END
		return 1
	fi
	made=$store/.$$-${2##*/}
	mkdir -p "$made/bin"
	cp -R "$1" "$made/sandbox"
	read -r hash <"$1/hash"
	case $2 in
	*-microvm-*) sh "$tools/lib/runner" "$made" "$store/$hash-nixos-system-$name-25.11" ;;
	*) sh "$tools/lib/toplevel" "$made" "$name" ;;
	esac
	mv "$made" "$2" 2>/dev/null || rm -rf "$made"
}

diff_closures() {
	for path; do
		[ -e "$path" ] || {
			echo "error: path '$path' is not valid" >&2
			return 1
		}
	done
	# As the real one, in colours also to a pipe. Every package is one MiB.
	awk -v old="$1/sandbox/packages" -v new="$2/sandbox/packages" 'BEGIN {
		while ((getline name < old) > 0) before[name]
		while ((getline name < new) > 0) if (name in before) delete before[name]; else print name ": ∅ → ε, \033[31;1m+1024.0 KiB\033[0m"
		for (name in before) print name ": ε → ∅, \033[32;1m-1024.0 KiB\033[0m"
	}'
}

# closure_size PATH: every package is one MiB, and what all have are hundred.
closure_size() {
	[ -f "$1/sandbox/packages" ] || return 1
	printf '%s\t%s\n' "$1" "$(((100 + $(wc -l <"$1/sandbox/packages")) * 1048576))"
}
