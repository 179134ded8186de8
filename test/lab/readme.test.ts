import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atTerminal } from '../docs/at-terminal.ts';
import { pages, root } from '../docs/pages.ts';
import { requireShown, turnsOf } from '../docs/transcript.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { must } from './run.ts';
import { succeed } from './sample.ts';

const missing = labMissing();
const title = 'Ten minutes to the first real hypervisor';

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a newcomer who types what README says, word for word',
  { timeout: 600_000 },
  () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      // As somebody who installed NixOS has them; the lab makes do without.
      const [hv1] = lab.hosts;
      const files = {
        'hardware-configuration.nix': hv1!.hardwareModule,
        'configuration.nix':
          '{\n  imports = [ ./hardware-configuration.nix ];\n  system.stateVersion = "25.11";\n}\n',
      };
      await succeed(hv1!, 'mkdir -p /etc/nixos');
      for (const [name, text] of Object.entries(files))
        await succeed(hv1!, `cat >/etc/nixos/${name} <<'END'\n${text}\nEND`);
    }, 1_200_000);
    afterAll(() => lab?.stop());

    test('has a vm that runs on the machine, and answers', async () => {
      const { address } = lab.hosts[0]!;
      const { url } = await lab.createRemote('infra');
      const readme = pages.find(({ path }) => path === 'README.md')!;
      const turns = readme.codes
        .filter(({ section, language }) => section === title && language)
        .flatMap(turnsOf);
      expect(turns.length).toBeGreaterThan(5);
      const asHere: readonly (readonly [string, string])[] = [
        ['root@203.0.113.20', `root@${address}`],
        ['git@example.net:infra.git', url],
        // There is no internet in the lab.
        ["<<'END'\n", `<<'END'\ninputs: ${JSON.stringify(lab.inputs)}\n`],
        // It would take node_modules from under the tests that run meanwhile; they have done both.
        ['npm ci && npm run build\n', `cd ${root}\n`],
      ];
      const commands = turns.map(({ command }) =>
        asHere.reduce((text, [from, to]) => text.replaceAll(from, to), command),
      );
      for (const [from, to] of asHere) expect(commands.join('\n'), from).toContain(to);

      const programs = join(lab.home, 'npm');
      mkdirSync(programs);
      const { code, screens } = await atTerminal(commands, lab.home, {
        HOME: lab.home,
        PATH: `${programs}/bin:${process.env.PATH}`,
        FLEET_SSH_CONFIG: join(lab.home, '.ssh/config'),
        NPM_CONFIG_PREFIX: programs,
        NPM_CONFIG_AUDIT: 'false',
        NPM_CONFIG_UPDATE_NOTIFIER: 'false',
        NO_COLOR: '1',
      });
      expect(code, screens.join('\n$ ')).toBe(0);
      expect(screens.length).toBe(turns.length);
      for (const [i, turn] of turns.entries()) requireShown(turn, screens[i]!);
      expect(screens.at(-1)).toContain('ok');
      const [hv1] = lab.hosts;
      expect(await succeed(hv1!, 'systemctl is-active microvm@web1')).toBe('active');
      expect(await must('git', '-C', join(lab.home, 'infra'), 'status', '--short')).toBe('');
    });
  },
);
