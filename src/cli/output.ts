import { fstatSync, writeSync } from 'node:fs';

/** Of a reader that went away (`fleet plan | head`), and of a terminal that was closed. */
const gone = new Set(['EPIPE', 'EIO']);

/**
 * From here on output that cannot be written ends nothing: a full disk must not leave a deployment half-way. It is said
 * once, where it still can be.
 * @returns whether something on standard output was lost to a reader that still wants it
 */
export function mindOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): () => boolean {
  let isLost = false;
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (isLost || gone.has(code ?? '')) return;
    isLost = true;
    stderr.write(`Standard output cannot be written, and is incomplete: ${message}\n`);
  });
  stderr.on('error', () => {});
  writeWhole(stdout, 1);
  writeWhole(stderr, 2);
  return () => isLost;
}

/** To a file Node writes once, and takes no notice when the disk had room for the beginning alone. */
function writeWhole(stream: NodeJS.WriteStream, fd: 1 | 2): void {
  if (!fstatSync(fd).isFile()) return;
  stream._write = (chunk: Buffer, _, done) => {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    } catch (error) {
      return done(error as Error);
    }
    done();
  };
}
