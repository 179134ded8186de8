// Compiles src/ to dist/, with the files that are read rather than imported.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, rmSync } from 'node:fs';
import { rolldown } from 'rolldown';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
cpSync('src/host/scripts', 'dist/host/scripts', { recursive: true });
cpSync('src/sandbox/tools', 'dist/sandbox/tools', { recursive: true });
chmodSync('dist/main.js', 0o755);

// What reads fleet.yaml, and yaml with it, are a hundred small files; as one they load in half the time.
const reader = 'dist/config/read-fleet.js';
const bundle = await rolldown({ input: reader, platform: 'node' });
await bundle.write({ file: reader, format: 'esm' });
await bundle.close();
copyFileSync('node_modules/yaml/LICENSE', 'dist/config/yaml.LICENSE');
