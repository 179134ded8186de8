/**
 * Takes credentials out of the urls in a text: `https://user:token@host` and `https://token@host`
 * lose all of it, `ssh://git:secret@host` keeps the user, without whom it goes nowhere; of `?token=…` the name stays.
 * Linear in time: the text may be a stranger's.
 */
export function redact(text: string): string {
  return text
    .replace(/[^\s"]+/g, withoutLogins)
    .replace(
      /([?&;][a-z_-]{0,30}(?:token|secret|passw(?:or)?d|key|auth|sig(?:nature)?|credential)[a-z_-]{0,30}=)[^&;\s"'#]+/gi,
      '$1…',
    );
}

/** A run without spaces, which may hold several urls. */
function withoutLogins(run: string): string {
  const lastAt = run.lastIndexOf('@');
  let [kept, from] = ['', 0];
  for (const { 0: scheme, index } of run.matchAll(/[a-z][a-z0-9+.-]{0,30}:\/\//gi)) {
    if (index < from) continue;
    const start = index + scheme.length;
    const slash = run.indexOf('/', start);
    const authority = run.slice(start, slash < 0 ? run.length : slash);
    const at = authority.lastIndexOf('@');
    // A password may hold a slash that should have been escaped; a port is none.
    const isCut = at < 0 && !authority.startsWith('[') && /:(?!\d*$)/.test(authority);
    const end = at >= 0 ? start + at : isCut ? lastAt : -1;
    if (end < start) continue;
    const user = /ssh/i.test(scheme) ? `${authority.split(/[:@]/, 1)[0]}@` : '';
    kept += run.slice(from, start) + user;
    from = end + 1;
  }
  return kept + run.slice(from);
}
