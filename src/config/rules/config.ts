import { readConfig } from '../../model/config.ts';
import type { Data } from '../../model/fleet.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** `config` holds options that Nix can be given, each of them once. */
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
