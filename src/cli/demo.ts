import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tellStory } from '../demo/story.ts';
import { DemoWorld } from '../demo/world.ts';
import { exitCodes } from '../model/errors.ts';
import { ownFile } from '../own-files.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { localPorts } from './ports.ts';

/**
 * `fleet demo`: the real fleet, git and ssh against hypervisors that pretend (and say so). Interrupted, it waits
 * for the command that it runs; however it ends, its processes and its folder are gone.
 */
export async function demoCommand(
  { signal }: Invocation,
  { keep = false }: { keep?: boolean },
): Promise<number> {
  const main = fileURLToPath(ownFile(`./main${extname(import.meta.url)}`));
  const world = new DemoWorld(localPorts().surroundings, [process.execPath, main]);
  // Ctrl-C again ends the process, and nothing below is run.
  const cleanUp = () => world.cleanUp();
  process.once('exit', cleanUp);
  const onStop = () =>
    process.stderr.write('\nInterrupted: the demo ends, and its folder is removed.\n');
  signal.addEventListener('abort', onStop, { once: true });
  const style = styleFor(process.stdout);
  const write = (text: string) => void process.stdout.write(text);
  const heading = (text: string) => write(`\n${style('bold', `# ${text}`)}\n`);
  try {
    if (!(await tellStory(world, { heading, write, signal }))) return exitCodes.failed;
    if (keep) {
      heading('They run until Ctrl-C. In another terminal:');
      write(`${world.howToPlay()}\n`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    return exitCodes.ok;
  } finally {
    signal.removeEventListener('abort', onStop);
    await world.stop();
    process.off('exit', cleanUp);
  }
}
