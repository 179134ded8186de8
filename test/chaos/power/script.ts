import { readFileSync } from 'node:fs';
import { diskBytes, sector } from './log.ts';

const library = (name: string) =>
  readFileSync(new URL(`../../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8');

/** What writes the spool and the state, as units and scripts have it. */
const libraries = ['lib', 'deployments', 'locks', 'spool', 'guest-state'].map(library).join('\n');

/**
 * A note is a write of its own behind the file system, past the cache: the log of the disk has it between what was written
 * before and after.
 */
const note = `
note() { dd of=/dev/vda bs=${sector} count=1 seek=${diskBytes / sector} oflag=direct conv=notrunc,sync status=none <<<"$*"; }
`;

/** bash calls `point` before each command of the script and its functions, and it notes those that write, and those after them. */
const points = `
echo '0 -' >/run/points
point() {
	read -r number after </run/points
	case $1 in
	# In memory only.
	*run/fleet* | *spool_counter* | *'>&'* | *'>/dev/null') writes=- ;;
	'printf '*'>'* | 'echo '*'>'* | 'cat '*'>'* | sync* | mv\\ * | mkdir\\ * | rm\\ *) writes=yes ;;
	*) writes=- ;;
	esac
	[ "$writes$after" != -- ] || return 0
	number=$((number + 1))
	echo "$number $writes" >/run/points
	note "point $number before $1"
}
trap 'point "$BASH_COMMAND"' DEBUG
`;

/** Each number is told only when what has it is said to be on disk. */
const words = `
told() { note "told $*"; }
# Files of some events only: new ones are begun, too.
spool_file_bytes=600
happens() { event test.happened - "n:=$1" && told "event $1 $event_id"; }
changes() { guest_set web "state=$2" "why=$1" && told "state $1"; }
mkdir -p "$state"
sync "$state" "\${state%/*}"
`;

const work = `
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
note over
`;

/** The same without any sync: what is told there has to be found lost, or nobody would find it above. */
const control = `
rm -rf "$state"/* /run/fleet
sync
sync() { :; }
note control
happens 1
changes 2 Starting
changes 3 Ready
note over
`;

/**
 * A script of bash.
 * @param withPoints notes each command that writes, too, for whoever reads where a cut came: it costs as much as all else
 */
export const recordedScript = (withPoints: boolean) =>
  `${libraries}\nset -T\n${note}\n${words}\nnote begin\n${withPoints ? points : ''}\n${work}\n${control}`;

/** What is there after the boot, and one more event: for sh, with FLEET_ROOT. */
export const lookScript = `${libraries}
event test.booted - n:=99 || true
`;

/**
 * A disk on which root alone has room, and a guest's user who writes a link there, as microvm-set-booted@ does: without and
 * with what a start by fleet gives it. For a kernel whose root has every capability: in a container there is none to give.
 */
export const lastBlocksScript = `${libraries}
systemctl() { echo "systemctl $*"; }
mkdir -m 777 "$state/guest"
as_guest() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
save() { as_guest "$@" ln -s "/nix/store/$(printf '%0100d' 0)" "$state/guest/booted" && echo saved; }
as_guest dd if=/dev/zero of="$state/guest/ballast" bs=4k 2>/dev/null || true
save || true
let_start
cat /run/systemd/system/microvm-set-booted@.service.d/fleet.conf
# What systemd makes of that line.
save --inh-caps=+sys_resource --ambient-caps=+sys_resource
`;
