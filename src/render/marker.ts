/** The first line of every file that fleet renders; a file without it is never touched. */
export const marker = '# Rendered by fleet from fleet.yaml: change it there.';

/** Whether fleet wrote this text (a checkout may have turned line ends into CR LF). */
export function isRendered(text: string): boolean {
  return text.startsWith(marker) && /^(\r?\n|$)/.test(text.slice(marker.length, marker.length + 2));
}

/** A rendered file: the marker, then its Nix or shell. */
export const rendered = (text: string): string => `${marker}\n${text}`;
