import { type ExecFileException, execFile } from 'node:child_process';
import { FleetError } from '../../model/errors.ts';

/** What a short-lived local command did. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `Match exec` in ssh_config runs the user's own command: it may hang, we may not. */
const timeoutMs = 15_000;

/** Runs one of OpenSSH's tools. @throws FleetError `ssh.no-openssh` when it is not installed. */
export function runTool(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const maxBuffer = 16 * 1024 * 1024;
    const options = { timeout: timeoutMs, maxBuffer, env: { ...process.env, ...env } };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(toolError(file, error));
    });
    child.stdin?.end();
  });
}

function toolError(file: string, error: ExecFileException): FleetError {
  if (error.code === 'ENOENT')
    return new FleetError('ssh.no-openssh', `the program ${file} is not on PATH`, {
      hint: 'Install the OpenSSH client: fleet reads ~/.ssh/config and known_hosts with it.',
      cause: error,
    });
  const why = error.killed ? `had not ended after ${timeoutMs / 1000} s` : error.message;
  return new FleetError('ssh.config', `${file} ${why}`, { cause: error });
}
