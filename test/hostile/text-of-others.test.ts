import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../../src/deploy/probes.ts';
import type { Host } from '../../src/host/host.ts';
import { runScript } from '../../src/host/hypervisor/call.ts';
import { runStep } from '../../src/host/hypervisor/run-step.ts';
import { startVm } from '../../src/host/hypervisor/steps.ts';
import { greeting } from '../../src/host/scripts.ts';
import { FleetError } from '../../src/model/errors.ts';
import { revertMessage } from '../../src/plan/commit-message.ts';
import { errorText } from '../../src/report/error-text.ts';
import { harmless } from '../../src/report/guard.ts';
import { resultText } from '../../src/report/result-text.ts';
import { noStyle } from '../../src/report/style.ts';
import { connect, failure, sshConfig } from '../host/desk.ts';
import { type Desk, makeDesk } from '../host/sshd.ts';

/** Moves the cursor, sets a title, writes the clipboard, swaps what is read, orders GitHub's runner. */
const hostile =
  '\u001b[1A\u001b[2K\u001b]0;title\u0007\u009b2J\u202ever\u2066\u2028x\ry\n  ::error::said';
const printable = /^[\P{C}\n\t]*$/u;

function expectPrintable(text: string): void {
  expect(text).toMatch(printable);
  expect(text).not.toMatch(/[\u2028\u2029]/);
  expect(text).not.toMatch(/^\s*::[a-z]/m);
}

const host = (answer: { code: number; stdout: string; stderr: string }): Host =>
  ({
    name: 'hv1',
    run: async (_: string, __: unknown, { onLine }: { onLine?: (line: string) => void } = {}) => {
      onLine?.(answer.stdout.split('\n')[0] ?? '');
      return answer;
    },
    connectTcp: async () => {
      throw new Error(hostile);
    },
  }) as unknown as Host;

describe('text of others is printable, wherever it comes from', () => {
  it('what a script on a hypervisor answers, line by line and as a whole', async () => {
    const answered = (text: string) =>
      host({ code: 0, stdout: `${greeting('facts')}\n${text}`, stderr: '' });
    const lines: string[] = [];
    await runStep(
      host({ code: 0, stdout: hostile, stderr: greeting('vm-start') }),
      startVm('web1'),
      {
        ...{ id: 'd1', number: '001', seconds: 1, timeoutMs: 1000 },
        onLine: (line) => lines.push(line),
        onKilled: () => {},
      },
    );
    const stdout = await runScript(answered(hostile), 'facts', []);
    expectPrintable(`${stdout.replace('::', '')}${lines.join()}`);
    // The parsers' own characters stay.
    expect(await runScript(answered('a\tb\n'), 'facts', [])).toBe('a\tb\n');
  });

  it('what it says of its failure, in the result and in the commit that reverts', async () => {
    const error = (await runScript(
      host({ code: 1, stdout: hostile, stderr: `fleet-error\tvm.failed\t${hostile}` }),
      'vm-start',
      [],
    ).catch((e: unknown) => e)) as FleetError;
    const result = {
      hypervisor: 'hv1',
      outcome: 'rolled-back' as const,
      failure: error,
      lines: [],
    };
    expectPrintable(resultText([result], noStyle));
    const message = revertMessage({
      good: 'a'.repeat(40),
      commit: 'b'.repeat(40),
      hypervisor: 'hv1',
      reason: hostile,
      takenBack: [hostile],
    });
    expectPrintable(message);
    expect(message.split('\n')).toHaveLength(7);
  });

  it('what a check saw', async () => {
    const [tcp] = await probe(host({ code: 0, stdout: '', stderr: '' }), 'web1', '10.0.0.2', [
      { kind: 'tcp', port: 80 },
    ] as never);
    expectPrintable(tcp!.seen);
    expect(tcp!.seen).not.toContain('\n');
    const answer = { code: 0, stdout: `1\n${hostile}`, stderr: '' };
    const [run] = await probe(host(answer), 'web1', '10.0.0.2', [
      { kind: 'run', command: 'true' },
    ] as never);
    expectPrintable(run!.seen);
  });

  it('an error, behind a mark that no line of it can leave', () => {
    const more = { detail: hostile, hint: 'do this' };
    const error = new FleetError('x.y', `it failed: ${hostile}`, more);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of the report's own.
    const text = errorText(error, process.stderr).replace(/\u001b\[\d+m/g, '');
    expectPrintable(text);
    expect(text).toContain('\n|   ::error::said');
    expect(text).toContain('\n  |   ::error::said');
  });

  describe('a server, before any key of it is verified', () => {
    let desk: Desk;
    let server: Server;
    let port: number;
    beforeAll(async () => {
      desk = makeDesk();
      server = createServer((socket) => {
        socket.on('error', () => undefined);
        const text = Buffer.from(hostile);
        const payload = Buffer.concat([
          Buffer.from([1, 0, 0, 0, 2]),
          length(text),
          text,
          Buffer.from([0, 0, 0, 0]),
        ]);
        const padding = 8 - ((payload.length + 5) % 8) + 8;
        const head = Buffer.alloc(5);
        head.writeUInt32BE(payload.length + padding + 1);
        head[4] = padding;
        socket.write('SSH-2.0-other\r\n');
        socket.write(Buffer.concat([head, payload, Buffer.alloc(padding)]));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      port = (server.address() as { port: number }).port;
    });
    afterAll(() => {
      server.close();
      desk.remove();
    });

    it('cannot say more than words', async () => {
      const configFile = sshConfig(desk, 'Host *\n  StrictHostKeyChecking yes\n', '');
      const error = await failure(connect({ host: '127.0.0.1', port }, { configFile }));
      expect(error.message).toContain('·[1A');
      expect(error.message).toMatch(printable);
    });
  });
});

const length = (text: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(text.length);
  return size;
};

describe('what leaves, whoever wrote it', () => {
  it('is printable, and no command to a CI', () => {
    expectPrintable(harmless(`a line\n${hostile}\n##[error]x ##vso[task.setvariable]y`));
    expect(harmless('##[error]x ##vso[task]y ## [1]')).toBe('##·[error]x ##·vso[task]y ## [1]');
    expect(harmless(' \t::add-mask::x\nip ::1\n::1')).toBe(' \t·::add-mask::x\nip ::1\n::1');
  });

  it("keeps fleet's own colours, and no other sequence", () => {
    expect(harmless('\u001b[31mred\u001b[39m \u001b[8mhidden')).toBe(
      '\u001b[31mred\u001b[39m ·[8mhidden',
    );
  });

  it('keeps the values of JSON', () => {
    const value = { seen: `${hostile}##[error]` };
    const text = harmless(JSON.stringify(value, null, 2));
    expectPrintable(text);
    expect(text).not.toContain('##[');
    expect(JSON.parse(text)).toEqual(value);
  });

  it('is no command to a CI either where others let it begin as JSON does', () => {
    for (const begin of ['{', '{ boot', '{"a": 1}', '{\r'])
      for (const command of ['::stop-commands::x', ' \t::error::boo', '##[error]x'])
        expect(harmless(`${begin}\n${command}\n`)).not.toMatch(/^\s*::|##\[/m);
  });

  it('takes time in proportion to its length', () => {
    const began = performance.now();
    harmless(`${' '.repeat(1_000_000)}\n${'\n'.repeat(1_000_000)}${'#'.repeat(1_000_000)}`);
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});
