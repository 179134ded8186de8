import { FleetError } from '../../model/errors.ts';
import type { Identities, Identity } from './identities.ts';
import type { Resolved } from './resolve.ts';

/** Offers the keys one by one, the next one each time the server refuses. */
export class Attempts {
  current: Identity | undefined;
  exhausted: boolean = false;
  readonly #at: Resolved;
  readonly #identities: Identities;
  readonly #left: Identity[];
  #tried: string[] = [];
  #serverWants: readonly string[] = [];
  #askedWhich: boolean = false;
  #partial: boolean = false;

  constructor(at: Resolved, identities: Identities) {
    this.#at = at;
    this.#identities = identities;
    this.#left = [...identities.usable];
  }

  next(serverWants: readonly string[] | null, partial: boolean | null): Identity['method'] {
    if (this.current) this.#tried.push(this.current.name);
    this.#partial ||= partial === true;
    this.#serverWants = serverWants ?? [];
    // As ssh does: "none" asks which methods the server accepts, and some servers let us in without a key.
    if (!this.#askedWhich) {
      this.#askedWhich = true;
      return { type: 'none', username: this.#at.user };
    }
    this.current = this.#left.shift();
    if (this.current) return this.current.method;
    this.exhausted = true;
    return false as unknown as Identity['method']; // tells ssh2 to give up
  }

  failure(label: string, error: Error): FleetError {
    const refused = this.exhausted ? this.#tried : [...this.#tried, this.current?.name ?? ''];
    return notLetIn(label, this.#at.user, {
      refused: refused.filter((name) => name !== ''),
      notTried: this.#identities.unusable,
      serverTakes: this.#serverWants.join(', '),
      said: this.exhausted ? undefined : error.message,
      isPartial: this.#partial,
    });
  }
}

/** How a refused login went. */
export interface Refused {
  readonly refused: readonly string[];
  readonly notTried: readonly string[];
  readonly serverTakes: string;
  /** What the server said if it disconnected before all keys were tried. */
  readonly said: string | undefined;
  /** It accepted a key, but demands another method as well. */
  readonly isPartial: boolean;
}

export function notLetIn(label: string, user: string, login: Refused): FleetError {
  const { refused, notTried, serverTakes, said, isPartial } = login;
  const why = isPartial ? 'wants more than a key' : 'accepts none of our keys';
  return new FleetError('ssh.auth-failed', `${label}: ${user} is not let in: the server ${why}`, {
    detail: [
      ...refused.map((name) => `refused: ${name}`),
      ...notTried.map((problem) => `not tried: ${problem}`),
      ...(serverTakes === '' ? [] : [`the server takes: ${serverTakes}`]),
      ...(said === undefined ? [] : [`the server said: ${said}`]),
    ].join('\n'),
    hint: hint(user, login),
  });
}

function hint(user: string, { refused, said }: Refused): string {
  if (said !== undefined)
    return 'An agent with many keys uses up the tries: name the right one with IdentityFile and IdentitiesOnly.';
  if (refused.length === 0)
    return 'There is no key to offer: add one with ssh-add, or name it (ssh.identityFile in fleet.yaml, IdentityFile in ssh_config).';
  return `Put one of these keys into ${user}'s authorized_keys there, or name another (ssh.identityFile in fleet.yaml, IdentityFile in ssh_config).`;
}
