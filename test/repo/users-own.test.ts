import { expect, test, vi } from 'vitest';
import { openRepo, useSandbox } from './sandbox.ts';

const box = useSandbox();

// Each is of a kind that simple-git refuses unless told otherwise.
const variables = {
  EDITOR: 'vi',
  GIT_ASKPASS: '/bin/false',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_EDITOR: 'vi',
  GIT_EXTERNAL_DIFF: '/bin/false',
  GIT_PAGER: 'less',
  GIT_PROXY_COMMAND: '/bin/false',
  GIT_SEQUENCE_EDITOR: 'vi',
  GIT_SSH_COMMAND: 'ssh -i deploy',
  GIT_TEMPLATE_DIR: '/nowhere',
  PAGER: 'less',
  PREFIX: '/usr',
  VISUAL: 'vi',
};

const settings = {
  'alias.co': 'checkout',
  'core.askPass': '/bin/false',
  'core.editor': 'vi',
  'core.fsmonitor': 'false',
  'core.gitProxy': '/bin/false',
  'core.hooksPath': '/nowhere',
  'core.pager': 'less',
  'core.sshCommand': 'ssh -i deploy',
  'credential.helper': 'store',
  'diff.external': '/bin/false',
  'diff.pdf.textconv': 'pdftotext',
  'filter.lfs.clean': 'git-lfs clean',
  'gpg.program': 'gpg2',
  'include.path': '/nowhere',
  'init.templateDir': '/nowhere',
  'merge.ours.driver': 'true',
  'protocol.file.allow': 'always',
  'remote.other.uploadpack': 'git-upload-pack',
  'submodule.modules.update': 'checkout',
  'tar.zst.command': 'zstd',
  'url.https://example.org/.insteadOf': 'example:',
};

test('what the user’s environment says of git is left to git', async () => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.stubEnv('GIT_CONFIG_COUNT', String(Object.keys(settings).length));
  for (const [n, [key, value]] of Object.entries(settings).entries()) {
    vi.stubEnv(`GIT_CONFIG_KEY_${n}`, key);
    vi.stubEnv(`GIT_CONFIG_VALUE_${n}`, value);
  }
  const repo = await openRepo(box.desk.dir);
  const head = await repo.head();
  const commit = await repo.commit(new Map([['a', '1\n']]), 'x', head);
  expect(await repo.head()).toBe(commit);
  expect(await repo.pathsBetween(head ?? '', commit)).toEqual(['a']);
});
