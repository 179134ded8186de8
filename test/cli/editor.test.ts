import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import {
  CompletionRequest,
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';
import { emptyDesk, flags } from './empty-desk.ts';

const server = fileURLToPath(import.meta.resolve('yaml-language-server/bin/yaml-language-server'));

const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of close.splice(0)) await end();
});

/**
 * What an editor shows, by the YAML server that editors use, in a fleet.yaml as `fleet init` begins it. `|` in
 * the text is where the cursor is.
 */
async function inEditor(marked: string) {
  const at = emptyDesk();
  expect((await at.fleet('init', ...flags)).code).toBe(0);
  const [modeline] = at.read('fleet.yaml').split('\n');
  const whole = `${modeline}\n${marked}`;
  const before = whole.slice(0, whole.indexOf('|')).split('\n');
  const position = { line: before.length - 1, character: before.at(-1)!.length };
  const uri = pathToFileURL(`${at.folder}/fleet.yaml`).href;

  const child = spawn(process.execPath, [server, '--stdio'], { env: at.env, stdio: 'pipe' });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const ended = new Promise((done) => child.once('exit', done));
  close.push(async () => {
    await connection.sendRequest(ShutdownRequest.type);
    await connection.sendNotification(ExitNotification.type);
    await ended;
    connection.dispose();
  });
  const mistakes = new Promise<unknown[]>((done) => {
    connection.onNotification(PublishDiagnosticsNotification.type, ({ diagnostics }) =>
      done(diagnostics.map(({ message }) => message)),
    );
  });
  connection.listen();
  await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(at.folder).href,
    capabilities: { textDocument: { completion: { completionItem: { snippetSupport: false } } } },
    workspaceFolders: null,
  });
  await connection.sendNotification(InitializedNotification.type, {});
  await connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: 'yaml', version: 1, text: whole.replace('|', '') },
  });
  return { connection, mistakes, place: { textDocument: { uri }, position } };
}

async function offered({ connection, place }: Awaited<ReturnType<typeof inEditor>>) {
  const found = await connection.sendRequest(CompletionRequest.type, place);
  return Array.isArray(found) ? found : (found?.items ?? []);
}

const fleet = (vm: string) => `version: 1
name: example
hypervisors:
  hv1: { ssh: root@hv1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks:
  front: { subnet: 10.1.0.0/24 }
vms:
  web1:
    on: hv1
    network: front
${vm}
`;

test('an editor offers the fields of a vm that it does not have yet, and says what they are', async () => {
  const items = await offered(await inEditor(fleet('    |')));
  const labels = items.map(({ label }) => label);
  expect(labels).toEqual(expect.arrayContaining(['vcpu', 'memory', 'volumes', 'checks', 'config']));
  expect(labels).not.toContain('network');
  expect(labels).not.toContain('subnet');
  const memory = items.find(({ label }) => label === 'memory');
  expect(JSON.stringify(memory?.documentation)).toContain('GiB');
});

test('an editor offers the values that a field can have', async () => {
  const items = await offered(await inEditor(fleet('    state: |')));
  expect(items.map(({ label }) => label).sort()).toEqual(['running', 'stopped']);
});

test('an editor says what a field is where the pointer rests on it', async () => {
  const { connection, place } = await inEditor(fleet('    depen|dsOn: []'));
  const hover = await connection.sendRequest(HoverRequest.type, place);
  expect(JSON.stringify(hover?.contents)).toContain(
    'Vms of the same hypervisor that this one is started, restarted and verified after, and stopped before.',
  );
});

test('an editor underlines a field that there is not', async () => {
  const { mistakes } = await inEditor(fleet('    vcpus: 2|'));
  expect(await mistakes).toEqual(['Property vcpus is not allowed.']);
});
