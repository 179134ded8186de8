import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { readFleet } from '../config/read-fleet.ts';
import { runScript } from '../deploy/session.ts';
import { ConfigError, exitCodes, FleetError } from '../model/errors.ts';
import { indexFleet } from '../model/index.ts';
import { ask, canAsk } from './ask.ts';
import { readIfThere } from './desk.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { modeline, schemaFile, schemaText } from './schema.ts';

export interface InitOptions {
  readonly name?: string;
  readonly hypervisor?: string;
  readonly ssh?: string;
  readonly system?: string;
  readonly stateVersion?: string;
  readonly uplink?: string;
  readonly sshKey?: string;
  readonly hardware?: string;
}

/** `fleet init`: a minimal fleet.yaml with its first hypervisor. Nothing that exists is overwritten. */
export async function initCommand(invocation: Invocation, options: InitOptions): Promise<number> {
  const directory = resolve(invocation.common.directory);
  const file = join(directory, invocation.common.config);
  if (existsSync(file)) {
    throw new FleetError('init.exists', `${file} exists already`, {
      hint: 'fleet plan shows what it means.',
    });
  }
  const need = questions(invocation.signal);
  const ssh = await need('--ssh', 'ssh target of the first hypervisor (user@host)', options.ssh);
  const seen = await introduce(invocation, ssh, options);
  const hypervisor = await need(
    '--hypervisor',
    'name of the hypervisor',
    options.hypervisor,
    hostOf(ssh) ?? seen.name ?? 'hv1',
  );
  const hardwarePath = `hosts/${hypervisor}/hardware-configuration.nix`;
  const key = readKey(options.sshKey);
  const uplink = await need(
    '--uplink',
    'interface that NAT goes out of',
    options.uplink,
    seen.uplink,
  );
  const text = fleetYaml({
    name: options.name ?? basename(directory),
    hypervisor,
    ssh,
    system: await need('--system', 'its system', options.system, seen.system),
    stateVersion: await need(
      '--state-version',
      'its system.stateVersion',
      options.stateVersion,
      seen.stateVersion,
    ),
    uplink,
    key,
    ...(seen.hardware !== undefined && { hardwarePath }),
  });
  const read = readFleet(text, invocation.common.config);
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);

  mkdirSync(directory, { recursive: true });
  const schemaPath = relative(directory, join(dirname(file), schemaFile));
  const paths = [invocation.common.config, schemaPath];
  if (seen.hardware !== undefined) {
    writeNew(directory, hardwarePath, seen.hardware);
    paths.unshift(hardwarePath);
  } else {
    process.stderr.write(
      `no hardware configuration of ${ssh}: add one under modules, or it will not boot (--hardware FILE)\n`,
    );
  }
  if (key === undefined) {
    process.stderr.write(
      'no ~/.ssh/*.pub here: add users.root.sshKeys, or nobody can log in (--ssh-key FILE)\n',
    );
  }
  writeFileSync(file, text, { flag: 'wx' });
  process.stdout.write(`wrote ${invocation.common.config}\n`);
  writeNew(directory, schemaPath, schemaText());
  process.stderr.write(
    `\nNext: describe a network and a vm in it, then\n  git add ${paths.join(' ')}\n  fleet plan\n`,
  );
  return exitCodes.ok;
}

/** Writes a file unless there is one, and says which. */
function writeNew(directory: string, path: string, text: string): void {
  const target = join(directory, path);
  mkdirSync(dirname(target), { recursive: true });
  const isThere = existsSync(target);
  if (!isThere) writeFileSync(target, text);
  process.stdout.write(`${isThere ? 'kept' : 'wrote'} ${path}\n`);
}

/** Asks for what no flag gives; where nobody can answer, the flag is named. */
function questions(signal: AbortSignal) {
  return async (
    flag: string,
    question: string,
    given: string | undefined,
    usual?: string,
  ): Promise<string> => {
    if (given !== undefined) return given;
    if (!canAsk()) {
      if (usual !== undefined && usual !== '') return usual;
      throw new FleetError('init.missing', `${flag} is needed: ${question}`, {
        exitCode: exitCodes.usage,
      });
    }
    for (;;) {
      const answer =
        (await ask(usual ? `${question} [${usual}]: ` : `${question}: `, signal)).trim() || usual;
      if (answer) return answer;
    }
  };
}

interface Introduction {
  readonly name?: string;
  readonly system?: string;
  readonly stateVersion?: string;
  readonly uplink?: string;
  readonly hardware?: string;
}

/** Reads what flags do not say from the host itself, if it can be reached. */
async function introduce(
  invocation: Invocation,
  ssh: string,
  options: InitOptions,
): Promise<Introduction> {
  const hardware =
    options.hardware === undefined ? undefined : readGiven('--hardware', options.hardware);
  const given = options.system && options.stateVersion && options.uplink && hardware;
  if (given) return { hardware };
  const probe = readFleet(probeYaml(ssh), 'fleet.yaml');
  if ('diagnostics' in probe) throw new ConfigError(probe.diagnostics, probeYaml(ssh));
  const target = indexFleet(probe.fleet).hypervisors.get('host');
  if (!target) return {};
  try {
    const host = await realPorts(invocation.common).connector.connect(target);
    try {
      const output = await runScript(host, 'introduce', []);
      const [head = '', text = ''] = output.split('== hardware\n');
      const value = (key: string) =>
        head
          .split('\n')
          .find((l) => l.startsWith(`${key}\t`))
          ?.split('\t')[1] || undefined;
      const machine = value('machine');
      const stateVersion = value('state-version');
      const uplink = value('uplink');
      const name = value('name')?.split('.')[0]?.toLowerCase();
      const found = hardware ?? (text.trim() === '' ? undefined : text);
      return {
        ...(machine !== undefined && { system: `${machine}-linux` }),
        ...(stateVersion !== undefined && { stateVersion }),
        ...(uplink !== undefined && { uplink }),
        ...(name !== undefined && { name }),
        ...(found !== undefined && { hardware: found }),
      };
    } finally {
      host.close();
    }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    process.stderr.write(
      `could not look at ${ssh}: ${error.message}\n${error.hint ? `${error.hint}\n` : ''}`,
    );
    return hardware === undefined ? {} : { hardware };
  }
}

/** The smallest fleet.yaml that names a host, so that `ssh:` is read in one place only. */
function probeYaml(ssh: string): string {
  return stringify({
    version: 1,
    name: 'init',
    hypervisors: { host: { ssh, system: 'x86_64-linux', stateVersion: '25.11' } },
  });
}

/** A name for the hypervisor: the first word of its host name; an address makes none. */
function hostOf(ssh: string): string | undefined {
  const host = (ssh.split('@').at(-1) ?? '').replace(/^\[|\]?(:\d+)?$/g, '');
  return isIP(host) ? undefined : host.split('.')[0]?.toLowerCase();
}

function readGiven(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError('init.no-file', `${flag}: cannot read ${file} (${code})`, {
      exitCode: exitCodes.usage,
    });
  }
}

/** The public key that may log in as root, or undefined when there is none to be found. */
function readKey(file: string | undefined): string | undefined {
  if (file !== undefined) return readGiven('--ssh-key', file).trim();
  for (const name of ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub']) {
    const text = readIfThere(join(homedir(), '.ssh', name));
    if (text !== undefined) return text.trim();
  }
  return undefined;
}

function fleetYaml(values: {
  name: string;
  hypervisor: string;
  ssh: string;
  system: string;
  stateVersion: string;
  uplink: string;
  key: string | undefined;
  hardwarePath?: string;
}): string {
  const hypervisor = {
    ssh: values.ssh,
    system: values.system,
    stateVersion: values.stateVersion,
    uplink: values.uplink,
    ...(values.key !== undefined && {
      users: { root: { sshKeys: [values.key] } },
    }),
    ...(values.hardwarePath !== undefined && { modules: [`./${values.hardwarePath}`] }),
  };
  return `${modeline}
${stringify({ version: 1, name: values.name, hypervisors: { [values.hypervisor]: hypervisor } }, { lineWidth: 0 })}
# A network is a bridge on the hypervisor of its vms; the hypervisor has its first address.
# networks:
#   apps: { subnet: 10.1.0.0/24 }
# vms:
#   web1: { on: ${values.hypervisor}, network: apps }
`;
}
