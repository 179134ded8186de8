import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Layers } from './layers.ts';
import { must } from './run.ts';
import type { Slot } from './slots.ts';

/**
 * ext4's own power cut, EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (the kernel's fs/ext4/ext4.h; xfstests
 * cut power by it): from that moment nothing reaches the disk, neither what was written and not synced nor its journal.
 */
// Where it is not mounted yet the folder is on this machine's own disk, which keeps its power.
const cut = `exit 0 if (stat $ARGV[0])[0] == (stat "$ARGV[0]/..")[0];
open(my $top, '<', $ARGV[0]) or die "$ARGV[0]: $!\\n";
my $flags = pack('L', 2);
ioctl($top, 0x8004587d, $flags) or die "$ARGV[0]: $!\\n";`;

/** A disk of a host's own, from which a power loss takes what was not synced. */
export class LossyDisk {
  readonly #slot: Slot;
  readonly #layers: Layers;

  constructor(slot: Slot, layers: Layers) {
    this.#slot = slot;
    this.#layers = layers;
  }

  get #file(): string {
    return join(this.#slot.dir, 'disk');
  }

  /** Makes it from what the layers and the slot's own files say, unless it is there. */
  async make(): Promise<void> {
    if (existsSync(this.#file)) return;
    const { dir, number } = this.#slot;
    const lower = this.#layers.lower(number).join(':');
    await must('unshare', '--mount', join(import.meta.dirname, 'disk.sh'), dir, lower);
  }

  forget(): void {
    rmSync(this.#file, { force: true });
  }

  /** @param pid of the process in whose namespace it is mounted */
  async cutPower(pid: number): Promise<void> {
    await must('perl', '-e', cut, join(`/proc/${pid}/root`, this.#slot.dir, 'root'));
  }
}
