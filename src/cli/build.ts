import { type At, build } from '../app/build.ts';
import { exitCodes } from '../model/errors.ts';
import { buildText } from '../report/build-text.ts';
import { buildDocument, documentText } from '../report/documents.ts';
import { hasColours, styleFor } from '../report/style.ts';
import { shownLive } from './live.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet build [SEL]`: what apply would commit, built and nothing else. Exit 1 when a machine does not build. */
export async function buildCommand(
  invocation: Invocation,
  { at, json }: { readonly at?: At; readonly json?: boolean },
  [on]: readonly string[],
): Promise<number> {
  const { common, signal } = invocation;
  const ports = await realPorts(common);
  const input = { where: common, ...(on !== undefined && { on }), ...(at && { at }) };
  const built = await shownLive((emit) => build(ports, input, emit, signal), invocation, []);
  process.stdout.write(
    json
      ? documentText(buildDocument(built))
      : buildText(built, styleFor(process.stdout), hasColours(process.stdout)),
  );
  return built.ok ? exitCodes.ok : exitCodes.failed;
}
