import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes, FleetError } from '../../model/errors.ts';
import { isPublicKey } from '../../model/public-key.ts';
import type { Ports } from '../ports.ts';

/** Texts of files that the user named, or that are in their usual place. */
export interface Given {
  readonly hardware: string | undefined;
  /** The public key that may log in; undefined: none was found. */
  readonly key: string | undefined;
}

/** @throws FleetError `init.no-file`, `init.ssh-key` */
export function readGivenFiles(
  ports: Pick<Ports, 'cwd' | 'home'>,
  { hardware, sshKey }: { readonly hardware?: string; readonly sshKey?: string },
): Given {
  return {
    hardware: hardware === undefined ? undefined : readGiven(ports.cwd, '--hardware', hardware),
    key:
      sshKey === undefined
        ? ownKey(ports.home)
        : onlyKey(sshKey, readGiven(ports.cwd, '--ssh-key', sshKey)),
  };
}

function readGiven(cwd: string, flag: string, file: string): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError('init.no-file', `${flag}: cannot read ${file} (${code})`, {
      exitCode: exitCodes.usage,
    });
  }
}

function ownKey(home: string): string | undefined {
  for (const name of ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub']) {
    try {
      return readFileSync(join(home, '.ssh', name), 'utf8').trim();
    } catch {
      // Try the next one.
    }
  }
  return undefined;
}

/** @throws FleetError when the file is not a single public key; its content (a private key?) is not shown. */
function onlyKey(file: string, text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 1 && isPublicKey(keys[0]!)) return keys[0]!;
  throw new FleetError('init.ssh-key', `--ssh-key: ${file} is not a file with one public ssh key`, {
    exitCode: exitCodes.usage,
    hint: 'Name a .pub file; more keys go under users in fleet.yaml afterwards.',
  });
}
