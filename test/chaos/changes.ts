import type { FleetData } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import type { World } from '../scenario/world.ts';
import type { Dice } from './dice.ts';

/** Each vm has its hypervisor for good: its volumes stay there. */
const perHypervisor = 3;
const atFirst = 2;
const volume = { mount: '/data', size: '16MiB' };

interface Place {
  readonly name: string;
  /** Index of its hypervisor. */
  readonly host: number;
  readonly slot: number;
}

/** Every vm that the random fleet may have. */
const places = (hosts: number): Place[] =>
  Array.from({ length: hosts * perHypervisor }, (_, n) => ({
    name: `vm${n + 1}`,
    host: Math.floor(n / perHypervisor),
    slot: n % perHypervisor,
  }));

/** Two vms on each hypervisor, on one network. */
export function randomFleet(world: World): FleetData {
  const data = emptyFleet(world);
  for (const place of places(world.hosts.length)) if (place.slot < atFirst) addVm(data, place);
  return data;
}

const hostName = (data: FleetData, n: number) => Object.keys(data.hypervisors)[n];

function addVm(data: FleetData, { name, host, slot }: Place): void {
  data.vms[name] = { on: hostName(data, host), volumes: [volume], packages: [] };
  connect(data, { name, host, slot }, 'front');
}

/** Puts a vm on one of the two networks of its hypervisor; one that nobody is on any more goes. */
function connect(data: FleetData, { name, host, slot }: Place, kind: 'front' | 'side'): void {
  const subnet = 2 * host + (kind === 'front' ? 1 : 2);
  const network = `${kind}${host + 1}`;
  data.networks[network] ??= { subnet: `10.${subnet}.0.0/24` };
  Object.assign(data.vms[name], { network, address: `10.${subnet}.0.${slot + 2}` });
  tidy(data);
}

function tidy(data: FleetData): void {
  const used = new Set(Object.values<FleetData>(data.vms).map((vm) => vm.network));
  for (const name of Object.keys(data.networks)) if (!used.has(name)) delete data.networks[name];
}

/** A change of fleet.yaml; `good` ones must succeed when nothing disturbs them. */
interface Kind {
  readonly good: boolean;
  /** Changes the data; gives a title, or undefined when there is nothing to change in this way. */
  readonly change: (data: FleetData, dice: Dice) => string | undefined;
}

const names = (data: FleetData) => Object.keys(data.vms);
const running = (data: FleetData) => names(data).filter((n) => data.vms[n].state !== 'stopped');
const spare = ['htop', 'jq', 'tmux', 'curl'];

function toggle(list: readonly string[], item: string): string[] {
  return list.includes(item) ? list.filter((i) => i !== item) : [...list, item];
}

const kinds: Readonly<Record<string, Kind>> = {
  'package for one': {
    good: true,
    change: (data, dice) => {
      const [vm, item] = [dice.pick(names(data)), dice.pick(spare)];
      data.vms[vm].packages = toggle(data.vms[vm].packages, item);
      return `${item} for ${vm}`;
    },
  },
  'package for all': {
    good: true,
    change: (data, dice) => {
      const item = dice.pick(spare);
      data.defaults.packages = toggle(data.defaults.packages, item);
      return `${item} for all`;
    },
  },
  'package for a hypervisor': {
    good: true,
    change: (data, dice) => {
      const [host, item] = [dice.pick(Object.keys(data.hypervisors)), dice.pick(spare)];
      data.hypervisors[host].packages = toggle(data.hypervisors[host].packages ?? [], item);
      return `${item} for ${host}`;
    },
  },
  'vm added': {
    good: true,
    change: (data, dice) => {
      const absent = places(Object.keys(data.hypervisors).length).filter((p) => !data.vms[p.name]);
      if (absent.length === 0) return undefined;
      const place = dice.pick(absent);
      addVm(data, place);
      return `${place.name} added`;
    },
  },
  'vm removed': {
    good: true,
    change: (data, dice) => {
      if (names(data).length < 4) return undefined;
      const vm = dice.pick(names(data));
      delete data.vms[vm];
      tidy(data);
      return `${vm} removed`;
    },
  },
  'vm to another network': {
    good: true,
    change: (data, dice) => {
      const there = places(Object.keys(data.hypervisors).length).filter((p) => data.vms[p.name]);
      const place = dice.pick(there);
      const kind = data.vms[place.name].network.startsWith('front') ? 'side' : 'front';
      connect(data, place, kind);
      return `${place.name} to ${data.vms[place.name].network}`;
    },
  },
  'bridge renamed': {
    good: true,
    change: (data, dice) => {
      const network = dice.pick(Object.keys(data.networks));
      if (data.networks[network].bridge) delete data.networks[network].bridge;
      else data.networks[network].bridge = `br-${network}-b`;
      return `another bridge for ${network}`;
    },
  },
  'vm stopped or started': {
    good: true,
    change: (data, dice) => {
      const vm = dice.pick(names(data));
      const isStopped = data.vms[vm].state === 'stopped';
      data.vms[vm].state = isStopped ? 'running' : 'stopped';
      return `${vm} ${isStopped ? 'started' : 'stopped'}`;
    },
  },
  'mute guest': {
    good: false,
    change: (data, dice) => {
      if (running(data).length === 0) return undefined;
      const vm = dice.pick(running(data));
      data.vms[vm].config = { boot: { kernelParams: ['lab.mute'] } };
      return `${vm} mute`;
    },
  },
  'build error': {
    good: false,
    change: (data, dice) => {
      const vm = dice.pick(names(data));
      data.vms[vm].packages = [...data.vms[vm].packages, 'does-not-build'];
      return `${vm} does not build`;
    },
  },
};

export interface Change {
  readonly title: string;
  readonly isGood: boolean;
  readonly data: FleetData;
}

/** One to three changes at once, to a copy of the data. */
export function randomChange(from: FleetData, dice: Dice): Change {
  const data = structuredClone(from);
  const titles: string[] = [];
  let isGood = true;
  while (titles.length === 0) {
    for (const name of dice.some(Object.keys(kinds), 1 + dice.below(3))) {
      const kind = kinds[name] as Kind;
      const title = kind.change(data, dice);
      if (title === undefined) continue;
      titles.push(title);
      isGood &&= kind.good;
    }
  }
  return { title: titles.join(', '), isGood, data };
}
