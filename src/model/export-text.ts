import type { Export, Vm } from './fleet.ts';

/** What a replacement may name, in braces. */
export const placeholders = ['address', 'hypervisor', 'port'] as const;
/** What each stands for, where it takes the place of `from`. */
export type Values = Readonly<Record<(typeof placeholders)[number], (from: string) => string>>;

/** Every `{word}` of a replacement, known or not. */
export const placeholdersIn = (text: string): string[] =>
  [...text.matchAll(/\{(\w*)\}/g)].map(([, name = '']) => name);

/** The port of the hypervisor that `{port}` stands for: that of the guest's port which the replaced text ends with, else the only one. */
export function publishedPort(from: string, publish: Vm['publish']): number | undefined {
  const tcp = publish.filter(({ protocol }) => protocol === 'tcp');
  const [, own] = /(?:^|:)(\d+)\/?$/.exec(from) ?? [];
  if (own !== undefined) return tcp.find(({ to }) => to === Number(own))?.port;
  return tcp.length === 1 ? tcp[0]?.port : undefined;
}

/** Everything that is to be replaced, in one pass: what was put in is not replaced again. The longest text wins. */
export function replaceIn(text: string, replace: Export['replace'], values: Values): string {
  const wanted = Object.keys(replace).sort((a, b) => b.length - a.length);
  if (wanted.length === 0) return text;
  const pattern = new RegExp(wanted.map(escaped).join('|'), 'g');
  return text.replace(pattern, (from) =>
    (replace[from] ?? '').replace(/\{(address|hypervisor|port)\}/g, (_, name: keyof Values) =>
      values[name](from),
    ),
  );
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
