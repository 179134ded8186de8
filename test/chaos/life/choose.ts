import type { Dice } from '../dice.ts';
import type { InjuryKind } from './history.ts';
import type { Hit } from './injuries.ts';

/** Of one hypervisor, what stands and falls there. */
interface Targets {
  readonly vms: readonly string[];
  /** The one that has a share. */
  readonly sharing: string;
  readonly taps: Readonly<Record<string, string>>;
  readonly bridges: readonly string[];
  /** How often a guest may end within an interval. */
  readonly attempts: number;
}

/** One thing to do. */
export interface Chosen {
  readonly kind: InjuryKind;
  readonly hit: Hit;
  /** Seconds to wait before. */
  readonly wait: number;
  /** Wait until the guest runs. */
  readonly onceUp?: boolean;
}

/** How often each is chosen, of all. */
const weights: Partial<Record<InjuryKind, number>> = {
  'vmm-kill': 5,
  'vmm-segv': 3,
  hang: 4,
  'guest-off': 3,
  'guest-reboot': 2,
  'guest-panic': 2,
  'virtiofsd-kill': 3,
  'tap-out': 4,
  'bridge-down': 3,
  'address-gone': 3,
  'cable-out': 1,
  'systemctl-stop': 2,
  'fleet-stop': 2,
  'fleet-restart': 2,
  'power-cut': 2,
  reboot: 1,
  deploy: 1,
};
/** After these everything is new. */
const whole: readonly InjuryKind[] = ['power-cut', 'reboot', 'deploy'];
const cures: Partial<Record<InjuryKind, InjuryKind>> = {
  'cable-out': 'cable-in',
  'fleet-stop': 'fleet-start',
  'systemctl-stop': 'systemctl-start',
};

/** What is done in one episode: up to three injuries, and what a person then does about them. */
export function chooseInjuries(dice: Dice, targets: Targets): Chosen[] {
  if (dice.chance(0.12)) return crashLoop(dice, targets);
  const bag = Object.entries(weights).flatMap(([kind, n]) =>
    Array.from({ length: n }, () => kind as InjuryKind),
  );
  const chosen: Chosen[] = [];
  const hurt = new Set<string>();
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const kind = dice.pick(bag);
    const hit = aim(dice, kind, targets);
    const target = hit.vm ?? hit.what ?? kind;
    // What was hurt just now may not be there to be hurt again.
    if (hurt.has(target)) continue;
    hurt.add(target);
    chosen.push({ kind, hit, wait: chosen.length === 0 ? 0 : dice.below(20) });
    if (whole.includes(kind)) break;
  }
  const cured = chosen.flatMap(({ kind, hit }) => {
    const cure = cures[kind];
    return cure ? [{ kind: cure, hit, wait: 15 }] : [];
  });
  // A person who works over the cable waits for it.
  return [
    ...chosen,
    ...cured.toSorted((a, b) => Number(a.kind !== 'cable-in') - Number(b.kind !== 'cable-in')),
  ];
}

function aim(dice: Dice, kind: InjuryKind, { vms, sharing, taps, bridges }: Targets): Hit {
  switch (kind) {
    case 'bridge-down':
    case 'address-gone':
      return { what: dice.pick(bridges) };
    case 'tap-out':
      return { what: taps[dice.pick(vms)] ?? '' };
    case 'virtiofsd-kill':
      return { vm: sharing };
    case 'cable-out':
    case 'power-cut':
    case 'reboot':
    case 'deploy':
      return {};
    default:
      return { vm: dice.pick(vms) };
  }
}

/** One guest is killed whenever it is up, until it is given up; then a person starts it. */
function crashLoop(dice: Dice, { vms, attempts }: Targets): Chosen[] {
  const vm = dice.pick(vms);
  const kill: Chosen = { kind: 'vmm-kill', hit: { vm }, wait: 1, onceUp: true };
  return [
    ...Array.from({ length: attempts + 1 }, () => kill),
    { kind: 'fleet-start', hit: { vm }, wait: 30 },
  ];
}
