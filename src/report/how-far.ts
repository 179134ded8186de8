import type { EventBody } from '../model/events.ts';

/** How far the hypervisors of a deployment are, by its events. */
export class HowFar {
  readonly #states = new Map<string, 'working' | 'confirming' | 'done' | 'over'>();
  #isRecording = false;
  /** Of a deployment that is taken up again: all of them may be changed already. */
  #resumed: readonly string[] = [];

  heed(event: EventBody): void {
    if (event.type === 'deployment' && event.operation === 'resume')
      this.#resumed = event.hypervisors;
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

  /** What becomes of it when somebody asks to stop now. */
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

  #are(...wanted: string[]): string[] {
    return [...this.#states].flatMap(([name, state]) => (wanted.includes(state) ? [name] : []));
  }
}
