import { type Code, path } from '../nix/tree.ts';

/** Where a hypervisor's or vm's own files are. */
export const hostFolder = (name: string): string => `hosts/${name}`;

/** `target` as a path literal in `file`; both are relative to the repository. */
export function pathFrom(file: string, target: string): Code {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  if (target.startsWith(folder)) return path(`./${target.slice(folder.length)}`);
  return path(`${folder.replace(/[^/]+/g, '..')}${target}`);
}
