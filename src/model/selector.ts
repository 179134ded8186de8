import { isLike } from './glob.ts';

/**
 * One part of a selector: a name, `*` for any characters, `@` before it for a tag.
 * @returns whether something is selected by it
 */
export function matches(
  part: string,
): (item: { readonly name: string; readonly tags: readonly string[] }) => boolean {
  if (!part.startsWith('@')) return (item) => isLike(item.name, part);
  const pattern = part.slice(1);
  return (item) => item.tags.some((tag) => isLike(tag, pattern));
}
