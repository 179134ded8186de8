import { doctor } from '../app/doctor.ts';
import { exitCodes } from '../model/errors.ts';
import { doctorText } from '../report/doctor-text.ts';
import { doctorDocument, documentText } from '../report/documents.ts';
import { styleFor } from '../report/style.ts';
import { doctorPorts } from './doctor-ports.ts';
import type { Invocation } from './options.ts';

/** `fleet doctor [SEL] [--json]`: what keeps the fleet from being deployed from here. Exit 1 when anything does. */
export async function doctorCommand(
  { common, signal }: Invocation,
  { json }: { readonly json?: boolean },
  [on]: readonly string[],
): Promise<number> {
  const input = { where: common, ...(on !== undefined && { on }) };
  const { ok, examined } = await doctor(await doctorPorts(common), input, signal);
  process.stdout.write(
    json
      ? documentText(doctorDocument(ok, examined))
      : doctorText(examined, styleFor(process.stdout)),
  );
  return ok ? exitCodes.ok : exitCodes.failed;
}
