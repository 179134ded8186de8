import { alerts, fleetOf } from '../app/alerts.ts';
import { exitCodes } from '../model/errors.ts';
import { prometheusRules } from '../report/alert-rules.ts';
import { alertsText } from '../report/alerts-text.ts';
import { alertsDocument, documentText } from '../report/documents.ts';
import { grafanaDashboard } from '../report/grafana.ts';
import { styleFor } from '../report/style.ts';
import { type Invocation, refusePointless } from './options.ts';
import { localPorts, realPorts } from './ports.ts';

interface AlertsOptions {
  readonly grafana?: boolean;
  readonly json?: boolean;
  readonly prometheus?: boolean;
}

/** `fleet alerts [NAME…]`: what hypervisors alert about; or the same rules for others. Exit 1 when anything fires. */
export async function alertsCommand(
  { common, signal, tell }: Invocation,
  options: AlertsOptions,
  names: readonly string[],
): Promise<number> {
  const { grafana, json, prometheus } = options;
  if (grafana || prometheus) {
    refusePointless(options, ['--json'], 'what is printed is for programs already.');
    const fleet = await fleetOf(localPorts(), common, tell);
    process.stdout.write(grafana ? grafanaDashboard(fleet) : prometheusRules(fleet));
    return exitCodes.ok;
  }
  const ports = await realPorts(common, { isAsking: true });
  const all = await alerts(ports, { where: common, names }, tell, signal);
  const width = Math.max(80, process.stdout.columns ?? 80);
  process.stdout.write(
    json ? documentText(alertsDocument(all)) : alertsText(all, styleFor(process.stdout), width),
  );
  const isQuiet = all.every(
    ({ answer }) =>
      !(answer instanceof Error) && answer.alerts.every(({ state }) => state !== 'firing'),
  );
  return isQuiet ? exitCodes.ok : exitCodes.failed;
}
