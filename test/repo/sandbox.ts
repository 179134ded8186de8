import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type { FleetError } from '../../src/model/errors.ts';
import type { GitSettings } from '../../src/model/fleet.ts';
import type { GitLimits } from '../../src/repo/git.ts';
import { openRepo as open } from '../../src/repo/open.ts';
import type { Repo } from '../../src/repo/repo.ts';
import { here } from '../surroundings.ts';

export const settings: GitSettings = {
  remote: 'origin',
  transport: 'pull',
  revert: true,
  timeout: 120_000,
};

/** Opens a repository with the environment that the test has by then. */
export const openRepo = (dir: string, limits?: GitLimits): Promise<Repo> => open(dir, here, limits);

/** A work tree and what tests do in it by hand. */
export class Clone {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  git(...args: string[]): string {
    const options = { cwd: this.dir, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('git', args, options).trimEnd();
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  /** What the work tree holds at these paths, to be committed. */
  contents(...paths: string[]): Map<string, string | undefined> {
    const isThere = (path: string) => existsSync(join(this.dir, path));
    return new Map(paths.map((path) => [path, isThere(path) ? this.read(path) : undefined]));
  }

  remove(path: string): void {
    rmSync(join(this.dir, path));
  }

  /** Commits everything there is; returns the commit. */
  commitAll(message: string): string {
    this.git('add', '--all');
    this.git('commit', '-qm', message);
    return this.git('rev-parse', 'HEAD');
  }

  hook(name: string, body: string): void {
    const file = this.git('rev-parse', '--git-path', `hooks/${name}`);
    this.write(file, `#!/bin/sh\n${body}\n`);
    chmodSync(join(this.dir, file), 0o755);
  }

  status(): string[] {
    return this.git('status', '--porcelain', '-uall')
      .split('\n')
      .filter((line) => line !== '');
  }
}

export interface Sandbox {
  readonly dir: string;
  /** A bare repository. */
  readonly remote: Clone;
  /** A clone with a first commit that is pushed. */
  readonly desk: Clone;
  clone(name: string, ...options: string[]): Clone;
}

/** A fresh remote and a clone of it for each test, away from the user's own git configuration. */
export function useSandbox(format: 'sha1' | 'sha256' = 'sha1'): Sandbox {
  let dir = '';
  let remote: Clone;
  let desk: Clone;
  const clone = (name: string, ...options: string[]) => {
    execFileSync('git', ['clone', '-q', ...options, `file://${remote.dir}`, join(dir, name)], {
      stdio: 'ignore',
    });
    return new Clone(join(dir, name));
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'fleet-repo-'));
    const config = join(dir, 'gitconfig');
    writeFileSync(
      config,
      '[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = main\n',
    );
    vi.stubEnv('HOME', dir);
    vi.stubEnv('XDG_CONFIG_HOME', dir);
    vi.stubEnv('GIT_CONFIG_GLOBAL', config);
    vi.stubEnv('GIT_CONFIG_SYSTEM', '/dev/null');
    vi.stubEnv('GIT_DEFAULT_HASH', format);
    execFileSync('git', ['init', '-q', '--bare', join(dir, 'remote.git')]);
    remote = new Clone(join(dir, 'remote.git'));
    desk = clone('desk');
    desk.write('fleet.yaml', 'version: 1\n');
    desk.git('add', '.');
    desk.git('commit', '-qm', 'first');
    desk.git('push', '-q', 'origin', 'main');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    get dir() {
      return dir;
    },
    get remote() {
      return remote;
    },
    get desk() {
      return desk;
    },
    clone,
  };
}

/** The FleetError that `promise` must end in. */
export async function failure(promise: Promise<unknown>): Promise<FleetError> {
  try {
    await promise;
  } catch (error) {
    return error as FleetError;
  }
  throw new Error('it did not fail');
}
