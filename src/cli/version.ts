import { readFileSync } from 'node:fs';
import { ownFile } from '../own-files.ts';

/** The version of this program. */
export const version = (): string => ownPackage().version;

/**
 * The Action of this release, as `owner/name@commit # tag`: the release writes it into package.json before it is published
 * (.github/workflows/release.yml). Undefined: this is no release.
 */
export const ownAction = (): string | undefined => ownPackage().fleet?.action;

function ownPackage(): { readonly version: string; readonly fleet?: { readonly action?: string } } {
  return JSON.parse(readFileSync(ownFile('../package.json'), 'utf8'));
}
