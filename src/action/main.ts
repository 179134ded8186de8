import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { action } from './action.ts';
import { Signals } from './child.ts';
import { Runner } from './runner.ts';

// A cancelled job sends SIGINT, after 7.5 s SIGTERM, and 2.5 s later ends everything. fleet rolls back at the first, and
// leaves at once at the second: hypervisors that are not confirmed by then roll back by themselves.
const signals = new Signals();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => signals.send(signal));

const runner = new Runner(process.env, (text) => process.stdout.write(text));
const fleet = fileURLToPath(new URL('./fleet/main.js', import.meta.url));
const brought = { node: process.execPath, fleet, sleep: (ms: number) => setTimeout(ms) };
process.exitCode = await action(runner, brought, signals);
