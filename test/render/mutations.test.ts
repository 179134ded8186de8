import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import { expandConfig } from '../../src/model/config.ts';
import type { Data, Fleet } from '../../src/model/fleet.ts';
import { render } from '../../src/render/render.ts';
import { diagnosticsText } from '../../src/report/diagnostics-text.ts';
import { fixture } from '../config/fixtures.ts';
import { describeWithNix, parse, withFiles } from '../nix/instantiate.ts';
import { mutations } from './mutations.ts';
import { meantByFlake, meantByMachine, said } from './said.ts';
import { themeTexts } from './themes.ts';

const seed = Number(process.env.FLEET_SEED ?? Date.now() % 2 ** 31);
const count = Number(process.env.FLEET_MUTATIONS ?? 10_000);

const good = [
  fixture('example.yaml'),
  readFileSync(join(import.meta.dirname, '../../fleet.yaml'), 'utf8'),
  ...Object.values(themeTexts),
];

/** What becomes an argument, a file name or a word of a script: nothing in it has a meaning of its own. */
const plainWord = /^[A-Za-z0-9._/:][A-Za-z0-9._/+@:-]*$/;
/** What ssh, git and Nix are given as it is, as one argument: no option, no control character. */
const argument = /^[^-\p{Cc}][^\p{Cc}]*$/u;

/** Every text in a value. */
const strings = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(strings)
      : [];

const words = ({ hypervisors, networks, vms }: Fleet): string[] => [
  ...hypervisors.flatMap(({ name, checkout, uplink, system, nameservers }) =>
    strings([name, checkout, uplink, system, nameservers]),
  ),
  ...strings(networks),
  ...vms.flatMap(({ name, on, hypervisor, nics, volumes, publish, dependsOn }) =>
    strings([name, on, hypervisor, nics, volumes, publish, dependsOn]),
  ),
];

const commandArguments = ({ git, hypervisors }: Fleet): (string | undefined)[] => [
  ...[git.remote, git.branch, git.url],
  ...hypervisors.flatMap(({ ssh }) => [ssh.host, ssh.user, ssh.jump, ssh.identityFile]),
];

const paths = ({ hypervisors, vms, outputs }: Fleet): string[] => [
  ...[...hypervisors, ...vms].flatMap((machine) => machine.modules),
  ...(outputs === undefined ? [] : [outputs]),
];

const leadsOut = /(^|\/)\.\.(\/|$)|^[/~]|^\.git(\/|$)|^$/;

/** What was rendered in the whole run: each text once, with what it has to say. */
const texts = {
  configs: new Map<string, Data>(),
  flakes: new Map<string, Data>(),
  machines: new Map<string, Data>(),
};
const all = new Set<string>();
const packages = new Set<string>();

function keepNix(files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) if (path.endsWith('.nix')) all.add(text);
}

function keep(fleet: Fleet): void {
  keepNix(render(fleet));
  // That layers say the same is shown in layers.test.ts.
  const { layers: _, ...whole } = fleet;
  const files = render(whole);
  keepNix(files);
  texts.flakes.set(files.get('flake.nix')!, meantByFlake(fleet));
  for (const machine of [...fleet.hypervisors, ...fleet.vms]) {
    for (const name of machine.packages) packages.add(name);
    texts.machines.set(files.get(`hosts/${machine.name}/default.nix`)!, meantByMachine(machine));
    const config = files.get(`hosts/${machine.name}/config.nix`);
    if (config !== undefined) texts.configs.set(config, expandConfig(machine.config));
  }
}

describeWithNix(`${count} damaged fleet.yaml (FLEET_SEED=${seed} FLEET_MUTATIONS=${count})`, () => {
  it('get a diagnostic or are rendered, and nothing of them is an option, a command or a way out', () => {
    let accepted = 0;
    let slowest = 0;
    for (const text of mutations(good, count, seed)) {
      try {
        const started = performance.now();
        const read = readFleet(text, 'fleet.yaml');
        slowest = Math.max(slowest, performance.now() - started);
        if ('fleet' in read) {
          accepted += 1;
          const { fleet } = read;
          expect(words(fleet).filter((word) => !plainWord.test(word))).toEqual([]);
          expect(commandArguments(fleet).filter((word) => !argument.test(word ?? 'none'))).toEqual(
            [],
          );
          expect(paths(fleet).filter((path) => leadsOut.test(path))).toEqual([]);
          keep(fleet);
        } else {
          expect(read.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
          const shown = diagnosticsText(read.diagnostics.slice(0, 5), text, { color: false });
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal
          expect(shown).not.toMatch(/[\0-\x09\x0b-\x1f]/);
        }
      } catch (error) {
        throw new Error(`with this fleet.yaml:\n${text.slice(0, 20_000)}`, { cause: error });
      }
    }
    expect(accepted).toBeGreaterThan(count / 20);
    // Milliseconds, and generous: a bomb that goes off takes minutes.
    expect(slowest).toBeLessThan(20_000);
  }, 1_200_000);

  it('are Nix where they are rendered', () => {
    const files = [...all].map((text, n) => [`${n}.nix`, text] as const);
    withFiles(files, (dir) => {
      for (let n = 0; n < files.length; n += 2000) {
        parse(files.slice(n, n + 2000).map(([path]) => join(dir, path)));
      }
    });
  }, 600_000);

  it('say to Nix what they said in YAML, and no more', () => {
    const { seen, meant } = said(texts, packages);
    expect(seen).toEqual(meant);
  }, 600_000);
});
