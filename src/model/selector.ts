/**
 * One part of a selector: a name, `*` for any characters, `@` before it for a tag.
 * @returns whether something is selected by it
 */
export function matches(
  part: string,
): (item: { readonly name: string; readonly tags: readonly string[] }) => boolean {
  const pattern = part.startsWith('@') ? part.slice(1) : part;
  const regex = new RegExp(
    `^${pattern
      .split('*')
      .map((s) => s.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
  return part.startsWith('@')
    ? (item) => item.tags.some((tag) => regex.test(tag))
    : (item) => regex.test(item.name);
}
