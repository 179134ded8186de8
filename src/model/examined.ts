import type { FleetError } from './errors.ts';

/** One thing that was looked at, to find out what keeps a fleet from being deployed. */
export interface Examined {
  /** What it is about: `this machine`, `fleet.yaml`, `git`, or a hypervisor. */
  readonly where: string;
  /** e.g. `identity`, `deploy key`. */
  readonly check: string;
  /** note: keeps nothing from being deployed, or could not be told because of what is wrong elsewhere; does not count. */
  readonly state: 'ok' | 'wrong' | 'note';
  /** Of what is well `none`, where there should be none of it, or nothing. */
  readonly seen: string;
  /** Stable, as of a FleetError. */
  readonly code?: string;
  /** Last lines of a tool, where they say more. */
  readonly detail?: string;
  /** What mends it: a command where there is one; may be several lines. */
  readonly fix?: string;
}

/** What else is known of a finding. */
type More = Pick<Examined, 'code' | 'detail'>;

/** The findings about one place. */
export class Examination {
  readonly where: string;
  readonly all: Examined[] = [];

  constructor(where: string) {
    this.where = where;
  }

  ok(check: string, seen = ''): void {
    this.all.push({ where: this.where, check, state: 'ok', seen });
  }

  /** @param fix empty where `seen` says what to do */
  wrong(check: string, seen: string, fix: string, more: More = {}): void {
    const { where } = this;
    this.all.push({ where, check, state: 'wrong', seen, ...(fix !== '' && { fix }), ...more });
  }

  note(check: string, seen: string, fix?: string): void {
    this.all.push({
      ...{ where: this.where, check, state: 'note', seen },
      ...(fix !== undefined && { fix }),
    });
  }

  /** Wrong where there is something to say of it, else ok. */
  judge(check: string, problems: readonly string[], fix: string, seen = ''): void {
    if (problems.length === 0) this.ok(check, seen);
    for (const problem of problems) this.wrong(check, problem, fix);
  }

  failed(check: string, { code, message, detail, hint }: FleetError, fix = ''): void {
    this.wrong(check, message, hint ?? fix, { code, ...(detail !== undefined && { detail }) });
  }
}
