import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxWorld } from './world.ts';

export const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Puts a program in front of a tool of every pretend hypervisor, or of the n-th: a script that runs on into the tool.
 * @returns what takes it away again
 */
export function instead(world: SandboxWorld, tool: string, script: string, n?: number): () => void {
  const file = join(world.dir, 'tools/bin', tool);
  const own = `${file}.own`;
  const had = existsSync(file);
  if (had) renameSync(file, own);
  const real = had ? own : execFileSync('which', [tool], { encoding: 'utf8' }).trim();
  const isHere =
    n === undefined ? 'true' : `[ "$FLEET_ROOT" = ${quoted(world.hosts[n - 1]?.root ?? '')} ]`;
  writeFileSync(file, `#!/bin/sh\nif ${isHere}; then\n${script}\nfi\nexec ${real} "$@"\n`);
  chmodSync(file, 0o755);
  return () => {
    if (had) renameSync(own, file);
    else rmSync(file);
  };
}
