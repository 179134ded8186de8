// Compiles src/ to dist/, with the files that are read rather than imported.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
cpSync('src/host/scripts', 'dist/host/scripts', { recursive: true });
cpSync('src/sandbox/tools', 'dist/sandbox/tools', { recursive: true });
chmodSync('dist/main.js', 0o755);
