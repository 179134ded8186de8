import { readFileSync } from 'node:fs';

const library = (name: string) =>
  readFileSync(new URL(`../../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8');

/** What writes the spool and the state, as units and scripts have it. */
export const libraries = ['lib', 'deployments', 'locks', 'spool', 'guest-state'];

/**
 * bash calls `point` before each command of the script and its functions. Before and after each that writes it counts;
 * at number CUT it says so on the console, and waits for the power to be cut.
 */
const points = `
cut=$CUT
echo '0 -' >/run/points
point() {
	read -r number after </run/points
	case $1 in
	# In memory only.
	*/dev/console* | *run/fleet* | *spool_counter* | *'>&'* | *'>/dev/null') writes=- ;;
	'printf '*'>'* | 'echo '*'>'* | 'cat '*'>'* | sync* | mv\\ * | mkdir\\ * | rm\\ *) writes=yes ;;
	*) writes=- ;;
	esac
	[ "$writes$after" != -- ] || return 0
	number=$((number + 1))
	echo "$number $writes" >/run/points
	[ "$number" = "$cut" ] || return 0
	echo "fleet-cut $number before $1" >/dev/console
	sleep 1000
}
`;

/** Each number is told to the console only when what has it is said to be on disk. */
const work = `
told() { echo "fleet-told $*" >/dev/console; }
# Files of some events only: new ones are begun, too.
spool_file_bytes=600
happens() { event test.happened - "n:=$1" && told "event $1 $event_id"; }
changes() { guest_set web "state=$2" "why=$1" && told "state $1"; }
mkdir -p "$state"
sync "$state" "\${state%/*}"
trap 'point "$BASH_COMMAND"' DEBUG
happens 1
changes 2 Starting
changes 3 Ready
happens 4
# The state first, then the event that tells of it.
changes 5 Failed && event guest.failed web n:=5 && told "event 5 $event_id"
happens 6
happens 7
changes 8 Starting
trap - DEBUG
echo "fleet-over $(cat /run/points)" >/dev/console
`;

/** A script of bash that is cut at a point; 0: never. */
export function cutScript(cut: number): string {
  const before = libraries.map(library).join('\n');
  return `CUT=${cut}\n${before}\nset -T\n${points}\n${work}`;
}

/** What is there after the boot: one more event, and then everything, for judge.ts. */
export const lookScript = `${libraries.map(library).join('\n')}
mkdir -p "$state"
event test.booted - n:=99 || echo 'no event could be written'
for file in "$state"/events/*; do
	echo "fleet-file \${file##*/} $(base64 -w 0 <"$file")"
done
for file in "$state"/guests/*; do
	[ ! -e "$file" ] || echo "fleet-state \${file##*/} $(base64 -w 0 <"$file")"
done
rm -rf "$state" && sync
`;
