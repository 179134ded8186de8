import type { Surroundings } from '../model/surroundings.ts';

type Environment = Record<string, string>;

/**
 * What says *where* a repository is. A fleet started from a hook or an alias inherits these for
 * another purpose (a hook's GIT_INDEX_FILE is a temporary one): the folder we are given counts.
 * Settings stay: GIT_CONFIG_*, GIT_SSH_COMMAND, GIT_AUTHOR_*, GIT_ASKPASS, …
 */
const whereabouts = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/** These read pathspecs differently than we write them. */
const pathspecs = ['LITERAL', 'GLOB', 'NOGLOB', 'ICASE'].map((kind) => `GIT_${kind}_PATHSPECS`);

/** The environment of every git: the user's, but no prompt can stop it, and it speaks English. */
export function gitEnvironment(ambient: Surroundings['env']): Environment {
  const drop = new Set([...whereabouts, ...pathspecs, 'LANGUAGE', 'SSH_ASKPASS']);
  const env: Environment = {};
  for (const [name, value] of Object.entries(ambient))
    if (value !== undefined && !drop.has(name)) env[name] = value;
  return {
    ...withSetting(env, 'safe.bareRepository', 'explicit'),
    GIT_TERMINAL_PROMPT: '0',
    GCM_INTERACTIVE: 'never',
    // Hooks inherit it too: UTF-8 for them, C for git's words.
    LC_ALL: 'C.UTF-8',
    LANGUAGE: 'C',
  };
}

/**
 * One setting more than the user's. A commit may hold a folder that looks like a bare repository, whose
 * config starts programs: git is to take nothing for one that it was not pointed at (since git 2.38).
 */
function withSetting(env: Environment, key: string, value: string): Environment {
  const count = Number(env.GIT_CONFIG_COUNT ?? 0);
  if (!Number.isInteger(count) || count < 0) return env; // git refuses it, and says so
  return {
    ...env,
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: value,
  };
}

/** ssh under git asks nothing either, unless the user has a say in how ssh is called. */
export function withBatchSsh(env: Environment, sshCommand: string): Environment {
  if (env.GIT_SSH_COMMAND || env.GIT_SSH || sshCommand !== '') return env;
  return { ...env, GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' };
}
