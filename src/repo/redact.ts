/**
 * Takes credentials out of the urls in a text: `https://user:token@host` and `https://token@host`
 * lose all of it, `ssh://git:secret@host` keeps the user, without whom it goes nowhere.
 */
export function redact(text: string): string {
  return text.replace(
    /\b([a-z][a-z0-9+.-]*):\/\/([^/\s'"]*)@/gi,
    (_, scheme: string, who: string) =>
      /ssh/i.test(scheme) ? `${scheme}://${who.replace(/:.*/s, '')}@` : `${scheme}://`,
  );
}
