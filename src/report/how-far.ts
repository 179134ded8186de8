import type { EventBody } from '../model/events.ts';
import { takeUp } from '../model/take-up.ts';

/** How far the hypervisors of a deployment are, according to its events. */
export class HowFar {
  readonly #states = new Map<string, 'working' | 'confirming' | 'done' | 'over'>();
  #isRecording = false;
  #deployment: (EventBody & { readonly type: 'deployment' }) | undefined;

  heed(event: EventBody): void {
    if (event.type === 'deployment') {
      // Where vms restart, one may come after other work, which has ended.
      for (const name of this.#are('done', 'over')) this.#states.delete(name);
      this.#isRecording = false;
      this.#deployment = event;
    }
    if (event.type === 'phase' && event.phase === 'record') this.#isRecording = true;
    if (event.type === 'git' && event.state !== 'begin') this.#isRecording = false;
    if (event.type !== 'hypervisor') return;
    const { hypervisor, state } = event;
    const end = state === 'end' && (event.outcome === 'done' ? 'done' : 'over');
    this.#states.set(hypervisor, end || (state === 'confirming' ? state : 'working'));
  }

  /** Those that have begun and not ended. */
  get open(): readonly string[] {
    if (this.#states.size === 0) return this.#resumed;
    return this.#are('working', 'confirming');
  }

  /** What happens to the deployment if somebody asks to stop now. */
  becomes(): string {
    if (this.#states.size === 0 && this.#resumed.length > 0)
      return (
        'Interrupted before it was taken up: nothing more is done from here.\n' +
        'Its hypervisors roll back by themselves unless it is resumed again.'
      );
    if (this.#states.size === 0)
      return 'Interrupted before any hypervisor was changed: releasing their locks.';
    if (this.open.length === 0) {
      if (!this.#isRecording) return 'Every hypervisor is done: releasing their locks.';
      return 'Every hypervisor is done; recording it in git. Ctrl-C again skips that.';
    }
    if (this.#are('working').length === 0)
      return (
        `Interrupted after the last check: confirming ${this.#are('confirming').join(', ')}; nothing is rolled back.\n` +
        'Ctrl-C again leaves at once; one that is not confirmed by then rolls back by itself.'
      );
    const kept = this.#are('confirming', 'done').join(', ');
    return [
      'Interrupted: finishing the current step, then rolling back.',
      ...(kept ? [`Confirmed already, and not rolled back: ${kept}.`] : []),
      'Ctrl-C again leaves at once; hypervisors that are not confirmed then roll back by themselves.',
    ].join('\n');
  }

  /** What is left open if somebody quits at once, and the command that resumes it; undefined: nothing is. */
  left(): string | undefined {
    const open = this.open;
    if (!this.#deployment || open.length === 0) return undefined;
    const { id, confirm } = this.#deployment;
    return [
      `Deployment ${id} is not ended. ${open.join(', ')}: rolled back without fleet within ${confirm / 1000} s, once the current step has ended.`,
      `Until then: ${takeUp(this.#deployment)}.`,
    ].join('\n');
  }

  /** In a resumed deployment, all hypervisors may have been changed already. */
  get #resumed(): readonly string[] {
    return this.#deployment?.operation === 'resume' ? this.#deployment.hypervisors : [];
  }

  #are(...wanted: string[]): string[] {
    return [...this.#states].flatMap(([name, state]) => (wanted.includes(state) ? [name] : []));
  }
}
