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
  // GIT_CONFIG_COUNT: how CI hands over credentials and addresses. simple-git reads the keys that it brings, and each key
  // below is one that a person's ~/.gitconfig may have as well, where simple-git would not see it: git heeds both alike.
  allowUnsafeConfigEnvCount: true,
  // alias.*: fleet calls none
  allowUnsafeAlias: true,
  // tar.*.command: another program that packs archives; fleet makes none
  allowUnsafeCommandBinaries: true,
  // credential.helper: how CI hands over a token
  allowUnsafeCredentialHelper: true,
  // filter.*: git-crypt and LFS, without which committed files are not what the work tree has
  allowUnsafeFilter: true,
  // core.fsmonitor: makes status of a large work tree quick
  allowUnsafeFsMonitor: true,
  // gpg.program: commits are signed as the user signs
  allowUnsafeGpgProgram: true,
  // core.hooksPath: husky, pre-commit and the like, which a commit of fleet's must pass as well
  allowUnsafeHooksPath: true,
  // include.path, includeIf: an identity or a key by folder
  allowUnsafeInclude: true,
  // merge.*.driver, mergetool.*: how the user merges; fleet merges nothing but its own reverts
  allowUnsafeMergeDriver: true,
  // remote.*.uploadpack, receivepack: a remote whose git is not on its PATH
  allowUnsafePack: true,
  // protocol.*.allow: remotes that are a folder, or reached by a helper
  allowUnsafeProtocolOverride: true,
  // submodule.*: the user's; fleet neither updates nor clones any
  allowUnsafeSubmodule: true,
  // url.*.insteadOf: a mirror, or ssh in place of https
  allowUnsafeUrlRewrite: true,
  // Off, simple-git sets GIT_TEST_DISALLOW_ABBREVIATED_OPTIONS, which hooks inherit: theirs break
  allowAbbreviatedOptions: true,
};
