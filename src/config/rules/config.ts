import { readConfig, splitKey } from '../../model/config.ts';
import type { Data } from '../../model/fleet.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';
import { type Fields, isFields } from '../tree.ts';

/** `config` contains only options that can be written in Nix, each once. */
export function* configs({ layers, hypervisors }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) yield* check(settings.config, path);
  for (const { path, yaml } of hypervisors.values()) yield* check(yaml.config, path);
}

function* check(config: Readonly<Record<string, Data>> | undefined, path: Path): Iterable<Finding> {
  if (config === undefined) return;
  const here = [...path, 'config'];
  for (const { kind, at, message, hint } of readConfig(config).problems) {
    const code = kind === 'twice' ? 'E601' : 'E602';
    yield { code, path: [...here, ...at], on: 'key', message, hint };
  }
  yield* values(config, here);
  yield* parted(config, here, []);
}

/** Options with names of things that often contain dots, and the options of such a thing. */
const named: Readonly<Record<string, readonly string[]>> = {
  'boot.kernel.sysctl': [],
  'environment.etc': ['enable', 'gid', 'group', 'mode', 'source', 'target', 'text', 'uid', 'user'],
};

/** YAML has removed its own quotes when a key is read. */
function* parted(fields: Fields, path: Path, above: readonly string[]): Iterable<Finding> {
  for (const [key, value] of Object.entries(fields)) {
    const parts = splitKey(key);
    if (parts === undefined) continue;
    const all = [...above, ...parts];
    const option = Object.keys(named).find((name) => `${all.join('.')}.`.startsWith(`${name}.`));
    const inside = option === undefined ? [] : all.slice(option.split('.').length);
    if (inside.length > 1 && !named[option!]!.includes(inside[1]!)) {
      const isOwn = (part: string) => named[option!]!.includes(part);
      const end = inside.findIndex(isOwn);
      const name = inside.slice(0, end < 0 ? undefined : end).join('.');
      const goesOn = end < 0 && isFields(value) && !Object.keys(value).some(isOwn);
      yield {
        code: 'E605',
        path: [...path, key],
        on: 'key',
        message: `${name} is read as ${inside[1]} inside of ${inside[0]}, and ${option} has nothing like that`,
        hint: `if it is one name, write '"${name}${goesOn ? '.…' : ''}"', with both kinds of quotes`,
      };
    } else if (isFields(value) && all.length < 5) {
      yield* parted(value, [...path, key], all);
    }
  }
}

/** Each vm has everything that its layers add, and a line of aliases may stand for a thousand values. */
const maxValues = 2_000_000;

/** All `config` together must not be too large to render. */
export function* configSizes({ vms }: Draft): Iterable<Finding> {
  const counted = new Map<object, number>();
  const count = (value: Data | undefined): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const known = counted.get(value);
    if (known !== undefined) return known;
    const sum = Object.values(value).reduce((n: number, item) => n + count(item), 1);
    counted.set(value, sum);
    return sum;
  };
  let all = 0;
  for (const vm of vms.values()) {
    for (const { path, settings } of vm.layers) {
      all += count(settings.config);
      if (all <= maxValues) continue;
      const message = `the config of all vms has more than ${maxValues} values`;
      yield {
        code: 'E108',
        path: [...path, 'config'],
        message,
        hint: 'put what they share into a module',
      };
      return;
    }
  }
}

function* values(value: Data, path: Path): Iterable<Finding> {
  if (typeof value === 'string') {
    yield* text(value, path, 'value');
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* values(item, [...path, i]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const at = [...path, key];
      yield* text(key, at, 'key');
      yield* values(item, at);
    }
  }
}

function* text(value: string, path: Path, on: 'key' | 'value'): Iterable<Finding> {
  if (value.includes('\0') || !value.isWellFormed()) {
    const message = 'Nix cannot hold this text: it has a NUL or half of a character';
    yield { code: 'E603', path, on, message, hint: 'write it without \\0 and \\ud800 to \\udfff' };
  } else if (on === 'value' && /^(yes|no|on|off)$/i.test(value)) {
    const boolean = /^(yes|on)$/i.test(value);
    const hint = `write ${boolean} if the option is a switch`;
    yield { code: 'W601', path, message: `${value} is text here, not ${boolean}`, hint };
  }
}
