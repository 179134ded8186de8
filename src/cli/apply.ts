import { applyOnce } from './apply-once.ts';
import type { ApplyOptions } from './apply-options.ts';
import { type Invocation, lockTimeout, refusePointless, usageError } from './options.ts';
import { type ResumeOptions, resumeCommand } from './resume.ts';

/** `fleet apply`, and `fleet apply --resume` */
export async function applyCommand(
  invocation: Invocation,
  options: ApplyOptions,
  [file]: readonly string[] = [],
): Promise<number> {
  if (options.resume === undefined) {
    if (options.undo)
      throw usageError(
        'options.undo',
        '--undo needs --resume: it rolls back a deployment that was interrupted',
        'fleet apply --resume --undo rolls it back; fleet history names those there are.',
      );
    return applyOnce(invocation, options, file, lockTimeout(options.lockTimeout));
  }
  refusePointless(
    { ...options, FILE: file },
    ['FILE', '--on', '--release', '--restart', '--drop', '--force', '--lock-timeout'],
    '--resume goes on with a deployment as it was planned',
  );
  if (options.undo) refusePointless(options, ['--export'], '--undo fetches nothing');
  return resumeCommand(invocation, options as ResumeOptions);
}
