# operation.sh ID OPERATOR KIND VM SECONDS [ARGUMENT…]: runs the script on standard input, an operation on one vm, as a
# transient unit, which a lost connection does not interrupt. Waits for its end; after SECONDS it is ended. What it did
# and how it ended stays in operations/ID.
id=$1 operator=$2 kind=$3 vm=$4 seconds=$5
shift 5
case $id in .* | *[!A-Za-z0-9._-]* | '') die operation.id 'an operation is called by letters, digits, dots and dashes' ;; esac
[ "${#id}" -le 100 ] || die operation.id 'the name of an operation has at most 100 characters'
is_vm "$vms/$vm" || die operation.no-vm "there is no vm $vm here (no folder ${vms#"$R"}/$vm): fleet plan shows what is missing"
mkdir -p "$state"
mkdir -m 700 "$operations" 2>/dev/null || [ -d "$operations" ]
own=$operations/$id
# Only one can create the folder, so a request that is sent twice runs once.
mkdir "$own" 2>/dev/null || die operation.known "operation $id was asked for before: ${own#"$R"} says what became of it"
printf 'operator\t%s\nkind\t%s\nvm\t%s\nstarted\t%s\n' "$operator" "$kind" "$vm" "$(date +%s)" | write "$own/meta"
cat >"$own/script.sh"
[ "$(tail -n 1 "$own/script.sh")" = '# end of step' ] || die operation.cut "the script of operation $id did not arrive"
event_soon operation.began "$vm" "id=$id" "operation=$kind" "operator=$operator" || true
: >"$own/log"
: >"$own/answer"
# Inside the unit, so that the result does not depend on the connection.
# shellcheck disable=SC2016
wrapper='
own=$1
shift
code=0
FLEET_ANSWER=3 sh "$own/script.sh" "$@" 3>"$own/answer" >"$own/log" 2>&1 </dev/null || code=$?
printf "ended\t%s\n" "$(date +%s)" >>"$own/meta"
echo "$code" >"$own/result.new"
mv -f "$own/result.new" "$own/result"
'
systemd-run --quiet --collect --wait --expand-environment=no --unit="fleet-operation-$id" \
	--description="fleet $id: $kind $vm" --setenv=PATH="$PATH" --setenv=HOME="${HOME:-/root}" --setenv=FLEET_ROOT="$R" \
	-p RuntimeMaxSec="$seconds" -p TimeoutStopSec=10 \
	sh -c "$wrapper" fleet-operation "$own" "$id" "$vm" "$@" </dev/null >"$own/unit" 2>&1 || true
[ -f "$own/result" ] || echo ended | write "$own/result"
read -r code <"$own/result"
event operation.ended "$vm" "id=$id" "operation=$kind" "operator=$operator" "code=$code" || true
prune_operations
cat "$own/log"
grep "^fleet-error$tab" "$own/answer" >&2 || true
case $code in
0) grep -v "^fleet-error$tab" "$own/answer" || true ;;
ended)
	cat "$own/unit" >&2
	die operation.ended "$kind $vm was ended from outside, or ran longer than $seconds s: see journalctl -u fleet-operation-$id there"
	;;
*) exit "$code" ;;
esac
