import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

/** A markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((_, n) => Math.max(...[head, ...rows].map((r) => r[n]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${width.map((w, n) => (cells[n] ?? '').padEnd(w)).join(' | ')} |`;
  return [line(head), `|${width.map((w) => '-'.repeat(w + 2)).join('|')}|`, ...rows.map(line)].join(
    '\n',
  );
}

/** Puts a text between the two markers of its name in docs/reliability.md, which it makes if need be. */
export function publish(name: string, title: string, text: string): void {
  const old = existsSync(page) ? readFileSync(page, 'utf8') : '# Reliability\n';
  const [begin, end] = [`<!-- chaos ${name} -->`, `<!-- end of chaos ${name} -->`];
  const whole = old.includes(begin) ? old : `${old}\n${begin}\n${end}\n`;
  const head = whole.slice(0, whole.indexOf(begin) + begin.length);
  const tail = whole.slice(whole.indexOf(end));
  writeFileSync(page, `${head}\n### ${title}\n\n${text}\n${tail}`);
}
