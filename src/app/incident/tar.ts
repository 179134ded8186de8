/** A file of an archive. */
export interface ArchiveFile {
  /** ASCII, at most 100 characters. */
  readonly path: string;
  readonly text: string;
}

/** A block of a tar. */
const block = 512;

/**
 * A tar as POSIX has it (ustar), of files in one folder that nobody but their owner may read.
 * @param folder of at most 155 characters
 * @param at ms since the epoch
 */
export function tar(folder: string, files: readonly ArchiveFile[], at: number): Buffer {
  const parts = files.flatMap(({ path, text }) => {
    const content = Buffer.from(text);
    const fill = Buffer.alloc((block - (content.length % block)) % block);
    return [header(folder, path, content.length, at), content, fill];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(folder: string, path: string, size: number, at: number): Buffer {
  if (path.length > 100 || folder.length > 155) throw new RangeError(`${path} is too long`);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  bytes.write(path, 0, 'latin1');
  bytes.write(octal(0o600, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(size, 11), 124);
  bytes.write(octal(Math.floor(at / 1000), 11), 136);
  // Its checksum is counted with blanks in its own place.
  bytes.write('        0', 148);
  bytes.write('ustar\u000000', 257);
  bytes.write(folder, 345, 'latin1');
  bytes.write(
    `${octal(
      bytes.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  );
  return bytes;
}
