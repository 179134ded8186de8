import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import { FleetError } from '../model/errors.ts';
import { plainLine, plainText } from '../model/plain-text.ts';
import type { Surroundings } from '../model/surroundings.ts';
import { harmless } from '../report/guard.ts';

// What a runner of GitHub's gives an action, and takes from it:
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands

type Env = Surroundings['env'];

/** Bytes that GitHub takes of a step's summary. */
const summaryLimit = 1024 * 1024;

/** A place in a file, for an annotation. */
export type Place = Pick<Diagnostic, 'file' | 'line' | 'column'>;

/** The runner that this step runs on. Nothing is written to its log but through here. */
export class Runner {
  readonly env: Env;
  readonly #write: (text: string) => void;
  #isGrouped = false;
  #summarised = 0;

  constructor(env: Env, write: (text: string) => void) {
    this.env = env;
    this.#write = write;
  }

  /** An input, without blanks around it; empty: it was not given. */
  input(name: string): string {
    return (this.env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
  }

  /** A variable that every runner sets. @throws FleetError `action.no-runner` */
  get(name: string): string {
    const value = this.env[name];
    if (value) return value;
    throw new FleetError(
      'action.no-runner',
      `this is not a runner of GitHub Actions: ${name} is not set`,
    );
  }

  /** Text for the log, which is a command to nobody. */
  say(text: string): void {
    this.#write(harmless(`${text}\n`));
  }

  /** From here on, until the next, lines are folded in the log. */
  group(title: string): void {
    this.endGroup();
    this.#command('group', {}, plainLine(title));
    this.#isGrouped = true;
  }

  endGroup(): void {
    if (this.#isGrouped) this.#command('endgroup', {}, '');
    this.#isGrouped = false;
  }

  /** What the log must not show, line by line. */
  mask(secret: string): void {
    // The first and last line of a key are no secret; a few letters would be masked in every word.
    for (const line of secret.split('\n').map((one) => one.trim()))
      if (line.length > 3 && !line.startsWith('-----')) this.#command('add-mask', {}, line);
  }

  /** An annotation; GitHub keeps ten of a kind for each step. */
  annotate(
    kind: 'error' | 'warning' | 'notice',
    text: string,
    { title, at }: { readonly title?: string; readonly at?: Place | undefined } = {},
  ): void {
    this.#command(
      kind,
      {
        ...(at && { file: at.file }),
        ...(at && at.line > 0 && { line: String(at.line) }),
        ...(at && at.line > 0 && at.column > 0 && { col: String(at.column) }),
        ...(title !== undefined && { title: plainLine(title) }),
      },
      plainText(text, 4000),
    );
  }

  output(name: string, value: string): void {
    this.#keep('GITHUB_OUTPUT', name, value);
  }

  /** For the post step. */
  state(name: string, value: string): void {
    this.#keep('GITHUB_STATE', name, value);
  }

  /** Adds Markdown to the page of the run. */
  summary(markdown: string): void {
    const file = this.env.GITHUB_STEP_SUMMARY;
    const bytes = Buffer.byteLength(markdown) + 1;
    if (!file || this.#summarised + bytes > summaryLimit) return;
    this.#summarised += bytes;
    appendFileSync(file, `${markdown}\n`);
  }

  /** The page of this run. */
  get page(): string {
    const {
      GITHUB_SERVER_URL: server = '',
      GITHUB_REPOSITORY: of = '',
      GITHUB_RUN_ID: id = '',
    } = this.env;
    return `${server}/${of}/actions/runs/${id}`;
  }

  /** A file that the runner reads when the step has ended: values of several lines stand between two marks. */
  #keep(variable: string, name: string, value: string): void {
    const mark = `fleet-${randomUUID()}`;
    appendFileSync(this.get(variable), `${name}<<${mark}\n${value}\n${mark}\n`);
  }

  #command(name: string, properties: Readonly<Record<string, string>>, text: string): void {
    const list = Object.entries(properties).map(([key, value]) => `${key}=${property(value)}`);
    this.#write(`::${name}${list.length > 0 ? ` ${list.join(',')}` : ''}::${data(text)}\n`);
  }
}

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Whether a path stays below the folder that it is relative to. */
export const isBelow = (path: string): boolean =>
  !isAbsolute(path) && !path.split(/[/\\]/).includes('..');
