import type { Finding } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** The rendered flake.nix uses outputs of these inputs, so `flake: false` is an error. */
export function* inputs({ yaml }: Draft): Iterable<Finding> {
  for (const name of ['nixpkgs', 'microvm']) {
    const input = yaml.inputs?.[name];
    if (typeof input !== 'object' || input.flake !== false) continue;
    yield {
      code: 'E210',
      path: ['inputs', name, 'flake'],
      on: 'key',
      message: `${name} has to be a flake: its outputs are what machines are made of`,
      hint: 'leave flake: false out',
    };
  }
}
