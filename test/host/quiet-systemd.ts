import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A PATH with a systemctl, in `root`, that knows no unit: where tests run systemd may not, and then says nothing. */
export function quietSystemd(root: string): string {
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin/systemctl'), '#!/bin/sh\n', { mode: 0o755 });
  return `${join(root, 'bin')}:${process.env.PATH}`;
}
