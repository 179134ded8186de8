/**
 * Takes credentials out of the urls in a text: `https://user:token@host` and `https://token@host`
 * lose all of it, `ssh://git:secret@host` keeps the user, without whom it goes nowhere; of `?token=…` the name stays.
 * Linear in time: the text may be a stranger's.
 */
export function redact(text: string): string {
  return text
    .replace(
      // A password may hold what should have been escaped; a port is none.
      /\b([a-z][a-z0-9+.-]{0,30}):\/\/([^/\s"@]{0,500}?)(?::(?!\d+\/)[^\s"]{0,500})?@/gi,
      (_, scheme: string, who: string) =>
        /ssh/i.test(scheme) ? `${scheme}://${who}@` : `${scheme}://`,
    )
    .replace(
      /([?&;][a-z_-]{0,30}(?:token|secret|passw(?:or)?d|key|auth|sig(?:nature)?|credential)[a-z_-]{0,30}=)[^&;\s"'#]+/gi,
      '$1…',
    );
}
