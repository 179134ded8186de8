import type { Finding } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** The rendered flake.nix uses outputs of these inputs, so `flake: false` is an error. */
export function* inputs({ yaml, hypervisors }: Draft): Iterable<Finding> {
  const withCli = [...hypervisors.values()].filter((one) => one.yaml.cli === true);
  for (const { path } of withCli) {
    if (yaml.inputs?.fleet !== undefined) break;
    yield {
      code: 'E211',
      path: [...path, 'cli'],
      on: 'key',
      message: 'there is no input named fleet, which fleet itself would come from',
      hint: 'write inputs: { fleet: "git+ssh://git@example.net/fleet" } with the address of its repository; see docs/nix.md',
    };
  }
  for (const name of ['nixpkgs', 'microvm', ...(withCli.length > 0 ? ['fleet'] : [])]) {
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
