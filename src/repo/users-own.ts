import type { SimpleGitOptions } from 'simple-git';

/**
 * simple-git refuses variables and settings that make git start a program or read other files, to protect callers whose
 * arguments or environment come from strangers. Here the arguments are fleet's own and the environment is the user's, and
 * git should do what it does in the user's own shell.
 */
export const usersOwn: NonNullable<SimpleGitOptions['unsafe']> = {
  // GIT_ASKPASS, core.askPass: how an https remote gets its password
  allowUnsafeAskPass: true,
  // EDITOR, VISUAL, GIT_EDITOR: set in most shells, never started by fleet's commands
  allowUnsafeEditor: true,
  // PAGER, GIT_PAGER, pager.*: the same
  allowUnsafePager: true,
  // GIT_SSH, GIT_SSH_COMMAND, core.sshCommand: a deploy key
  allowUnsafeSshCommand: true,
  // GIT_PROXY_COMMAND, core.gitProxy
  allowUnsafeGitProxy: true,
  // GIT_EXTERNAL_DIFF, diff.*.command: difftastic and the like; fleet uses plumbing commands, which ignore these
  allowUnsafeDiffExternal: true,
  allowUnsafeDiffTextConv: true,
  // GIT_TEMPLATE_DIR, init.templateDir: what the user's new repositories get
  allowUnsafeTemplateDir: true,
  // GIT_EXEC_PATH: how Nix and some distributions wrap git
  allowUnsafeExec: true,
  // GIT_CONFIG_GLOBAL, GIT_CONFIG_SYSTEM, and PREFIX, which conda and Termux set
  allowUnsafeConfigPaths: true,
  // GIT_CONFIG_COUNT and its keys: how CI hands over credentials and addresses. What follows are keys.
  allowUnsafeConfigEnvCount: true,
  allowUnsafeAlias: true,
  allowUnsafeCommandBinaries: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeFilter: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeGpgProgram: true,
  allowUnsafeHooksPath: true,
  allowUnsafeInclude: true,
  allowUnsafeMergeDriver: true,
  allowUnsafePack: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSubmodule: true,
  allowUnsafeUrlRewrite: true,
  // Off, simple-git sets GIT_TEST_DISALLOW_ABBREVIATED_OPTIONS, which hooks inherit: theirs break
  allowAbbreviatedOptions: true,
};
