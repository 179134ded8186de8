import type { AlertKind, AlertRule, Alerts, Collection, Recovery } from '../model/recovery.ts';
import { defaultAlertRules } from '../model/recovery.ts';
import { parseAge, parseDuration } from '../model/units.ts';
import type {
  AlertRule as AlertRuleYaml,
  Alerts as AlertsYaml,
  HypervisorMachine,
  Recovery as RecoveryYaml,
} from './schema.generated.ts';

/** How often a hypervisor looks at its guests, in milliseconds (modules/watch.nix). */
export const lookEvery = 15_000;

export function recoveryOf(yaml: RecoveryYaml = {}): Recovery {
  const { restart = 'always', unhealthy = {} } = yaml;
  return {
    restart,
    attempts: yaml.attempts ?? 5,
    interval: parseDuration(yaml.interval ?? '10m')!,
    delay: parseDuration(yaml.delay ?? '5s')!,
    backoff: yaml.backoff ?? 2,
    maxDelay: parseDuration(yaml.maxDelay ?? '5m')!,
    maxPerHour: yaml.maxPerHour ?? 20,
    giveUp: yaml.giveUp ?? 'fail',
    unhealthy: {
      after: unhealthy.after ?? 3,
      every: parseDuration(unhealthy.every ?? '15s')!,
      restart: restart !== 'never' && (unhealthy.restart ?? true),
    },
  };
}

/** Merges what two places say, field by field. */
export function mergeRecovery(base: RecoveryYaml | undefined, own: RecoveryYaml): RecoveryYaml {
  const unhealthy = { ...base?.unhealthy, ...own.unhealthy };
  return { ...base, ...own, ...(Object.keys(unhealthy).length > 0 && { unhealthy }) };
}

/** What a limit is when nobody writes it, and the form it has. */
export const limits: Readonly<
  Partial<
    Record<
      AlertKind,
      { readonly usual: string | number; readonly form: RegExp; readonly is: string }
    >
  >
> = {
  restarting: { usual: 3, form: /^[0-9]+$/, is: 'a number of restarts, such as 3' },
  disk: { usual: '90%', form: /^([1-9][0-9]?|100)%$/, is: 'a share, such as 90%' },
  memory: { usual: '90%', form: /^([1-9][0-9]?|100)%$/, is: 'a share, such as 90%' },
  clock: { usual: '1s', form: /^[0-9]+(s|m|h)$/, is: 'a duration, such as 1s' },
  snapshot: { usual: '26h', form: /^[0-9]+(h|d)$/, is: 'an age, such as 26h or 7d' },
};

/** What is said for all, then what the hypervisor says: rules are added, one webhook and one command remain. */
export function alertsOf(...given: readonly (AlertsYaml | undefined)[]): Alerts {
  const said = given.filter((alerts) => alerts !== undefined);
  const webhookFile = said.findLast((alerts) => alerts.webhookFile !== undefined)?.webhookFile;
  const command = said.findLast((alerts) => alerts.command !== undefined)?.command;
  return {
    ...(webhookFile !== undefined && { webhookFile }),
    ...(command !== undefined && { command }),
    // Alerts that say nothing of rules ask for the usual ones.
    rules:
      said.length > 0 && said.every(({ rules }) => rules === undefined)
        ? defaultAlertRules
        : said.flatMap(({ rules = [] }) => rules.map(rule)),
  };
}

function rule({ when, for: lasting, above, vms }: AlertRuleYaml): AlertRule {
  const limit = above ?? limits[when]?.usual;
  return {
    when,
    for: lasting === undefined ? 0 : parseDuration(lasting)!,
    ...(limit !== undefined && limits[when] && { above: limitOf(String(limit)) }),
    ...(vms !== undefined && { vms }),
  };
}

const limitOf = (text: string): number =>
  parseDuration(text) ?? parseAge(text) ?? Number(text.replace('%', ''));

export function collectionOf({ gc }: HypervisorMachine): Collection | undefined {
  return gc && { keep: gc.keep ?? 10, olderThan: parseAge(gc.olderThan ?? '30d')! };
}
