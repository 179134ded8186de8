import { FleetError } from '../../model/errors.ts';
import { type Identities, type Identity, unsupportedAgentKeys } from './identities.ts';
import type { Resolved } from './resolve.ts';

/** Goes through the keys one by one, as the server says no. */
export class Attempts {
  current: Identity | undefined;
  exhausted: boolean = false;
  readonly #at: Resolved;
  readonly #ours: Identities;
  readonly #left: Identity[];
  #tried: string[] = [];
  #serverWants: readonly string[] = [];
  #askedWhich: boolean = false;
  #partial: boolean = false;

  constructor(at: Resolved, ours: Identities) {
    this.#at = at;
    this.#ours = ours;
    this.#left = [...ours.usable];
  }

  next(serverWants: readonly string[] | null, partial: boolean | null): Identity['method'] {
    if (this.current) this.#tried.push(this.current.name);
    this.#partial ||= partial === true;
    this.#serverWants = serverWants ?? [];
    // As ssh does: "none" tells what the server wants, and lets in where a network vouches for us.
    if (!this.#askedWhich) {
      this.#askedWhich = true;
      return { type: 'none', username: this.#at.user };
    }
    this.current = this.#left.shift();
    if (this.current) return this.current.method;
    this.exhausted = true;
    return false as unknown as Identity['method']; // how ssh2 is told to give up
  }

  async failure(label: string, error: Error): Promise<FleetError> {
    const inAgent = await unsupportedAgentKeys(this.#at.agentSocket).catch(() => []);
    const refused = this.exhausted ? this.#tried : [...this.#tried, this.current?.name ?? ''];
    const why = this.#partial ? 'wants more than a key' : 'accepts none of our keys';
    return new FleetError(
      'ssh.auth-failed',
      `${label}: ${this.#at.user} is not let in: the server ${why}`,
      {
        detail: [
          ...refused.filter((name) => name !== '').map((name) => `refused: ${name}`),
          ...[...this.#ours.unusable, ...inAgent].map((problem) => `not tried: ${problem}`),
          ...(this.#serverWants.length > 0
            ? [`the server takes: ${this.#serverWants.join(', ')}`]
            : []),
          ...(this.exhausted ? [] : [`the server said: ${error.message}`]),
        ].join('\n'),
        hint: this.#hint(),
      },
    );
  }

  #hint(): string {
    if (!this.exhausted)
      return 'An agent with many keys uses up the tries: name the right one with IdentityFile and IdentitiesOnly.';
    if (this.#ours.usable.length === 0)
      return 'There is no key to offer: add one with ssh-add, or name it (ssh.identityFile in fleet.yaml, IdentityFile in ssh_config).';
    return `Put one of these keys into ${this.#at.user}'s authorized_keys there, or name another (ssh.identityFile in fleet.yaml, IdentityFile in ssh_config).`;
  }
}
