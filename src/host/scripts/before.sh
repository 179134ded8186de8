# After deployments.sh. Writes the rows of `before`: what the way back returns each guest to.

# keep ID PATH NAME: keeps PATH from garbage collection until that deployment has ended, and prints it; prints - if it is
# not in the store (any more).
keep() {
	if ! in_store "$2" || [ ! -e "$2" ]; then
		echo -
	else
		ln -sfn "$2" "$roots/$1/$3" 2>/dev/null ||
			die preflight.no-space "cannot write to ${roots#"$R"}: $(make_room "${roots#"$R"}")"
		echo "$2"
	fi
}

# verified NAME RUNNER: fleet deployed this runner, or last saw the guest healthy on it.
verified() {
	deployed='' healthy=''
	IFS=$tab read -r _ deployed _ 2>/dev/null <"$state/deployed/$1" || true
	read -r healthy 2>/dev/null <"$state/healthy/$1" || true
	[ "$2" != - ] && case $2 in "$deployed" | "$healthy") true ;; *) false ;; esac
}

# stands NAME: the guest has been up for half a minute, longer than one in a crash loop.
stands() {
	since=$(systemctl show -p ActiveEnterTimestampMonotonic --value "microvm@$1.service")
	is_active "microvm@$1.service" && [ $(($(uptime_seconds) - ${since:-0} / 1000000)) -ge 30 ]
}

# former NAME: prints the runner that the way back returns a guest to. In a crash loop `booted` may be a runner that was
# never healthy, and systemd starts `current` next; so an unverified `booted` counts only if the guest `stands`.
former() {
	if [ "$was" = inactive ]; then
		echo "$current"
	elif [ "$booted" = - ] || verified "$1" "$current"; then
		echo "$current"
	elif verified "$1" "$booted" || [ "$current" = - ] || stands "$1"; then
		echo "$booted"
	else
		echo "$current"
	fi
}

# vm_before ID NAME BUSY: prints the vm's row of `before`. BUSY: the guests that run.
vm_before() {
	was=inactive
	! printf '%s\n' "$3" | grep -qxF "$2" || was=active
	current=$(keep "$1" "$(target "$vms/$2/current")" "$2")
	booted=$(keep "$1" "$(target "$vms/$2/booted")" "$2.booted")
	printf 'vm\t%s\t%s\t%s\t%s\t%s\n' "$2" "$current" "$booted" "$was" "$(former "$2")"
}

# print_up: prints for how many seconds each guest has been up. A guest in a crash loop never is for long.
print_up() {
	now=$(uptime_seconds) name='' active='' since=0
	{ systemctl show --no-pager -p Id -p ActiveState -p ActiveEnterTimestampMonotonic 'microvm@*.service' 2>/dev/null || true; echo; } |
		while IFS='=' read -r key value; do
			case $key in
			Id) name=${value#microvm@} name=${name%.service} ;;
			ActiveState) active=$value ;;
			ActiveEnterTimestampMonotonic) since=$value ;;
			'')
				[ "$active" != active ] || printf 'up\t%s\t%s\n' "$name" $((now - ${since:-0} / 1000000))
				active=''
				;;
			esac
		done
}

guests_that_run() {
	busy_guests || die begin.no-units "systemd does not say which guests run here: see systemctl list-units there, then try again"
}

# look_again ID: replaces the rows of guests that an operation has changed meanwhile: they return to how they are now.
look_again() {
	busy=$(guests_that_run)
	while IFS= read -r row; do
		name=${row#"vm$tab"}
		name=${name%%"$tab"*}
		case $row in "vm$tab"*) ;; *) name=. ;; esac
		if grep -qxF "$name" "$deployments/$1/operated" && is_vm "$vms/$name"; then
			vm_before "$1" "$name" "$busy"
		else
			printf '%s\n' "$row"
		fi
	done <"$deployments/$1/before" >"$deployments/$1/before.new"
	on_disk "$deployments/$1/before.new"
	mv -f "$deployments/$1/before.new" "$deployments/$1/before"
}
