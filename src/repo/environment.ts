import type { Surroundings } from '../model/surroundings.ts';

type Environment = Record<string, string>;

/**
 * Variables that say *where* a repository is. If fleet is started from a hook or an alias, it inherits these for another
 * purpose (a hook's GIT_INDEX_FILE is a temporary one), so they are removed: only the folder that we are given counts.
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

/** Variables that change how git reads our pathspecs. */
const pathspecs = ['LITERAL', 'GLOB', 'NOGLOB', 'ICASE'].map((kind) => `GIT_${kind}_PATHSPECS`);

/** The environment of every git: the user's, but without prompts, and in English. */
export function gitEnvironment(ambient: Surroundings['env']): Environment {
  const drop = new Set([...whereabouts, ...pathspecs, 'LANGUAGE', 'SSH_ASKPASS']);
  const env: Environment = {};
  for (const [name, value] of Object.entries(ambient))
    if (value !== undefined && !drop.has(name)) env[name] = value;
  return {
    ...withSetting(env, 'safe.bareRepository', 'explicit'),
    GIT_TERMINAL_PROMPT: '0',
    GCM_INTERACTIVE: 'never',
    // Hooks inherit this, too: UTF-8 for their text, and git's messages in English.
    LC_ALL: 'C.UTF-8',
    LANGUAGE: 'C',
  };
}

/**
 * Adds one setting to the user's: safe.bareRepository=explicit (git 2.38). A commit may contain a folder that looks like a
 * bare repository, with a config that starts programs; git must not use one that it was not told to use.
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

/** Keeps ssh under git from asking questions, unless the user has configured how ssh is called. */
export function withBatchSsh(env: Environment, sshCommand: string): Environment {
  if (env.GIT_SSH_COMMAND || env.GIT_SSH || sshCommand !== '') return env;
  return { ...env, GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' };
}
