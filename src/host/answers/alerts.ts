import type { Alert, Alerts, UntoldWay } from '../../model/alert.ts';
import { plainLine } from '../../model/plain-text.ts';
import * as shape from './shape.ts';

const states = ['pending', 'firing', 'resolved'] as const;

/** Reads what alerts.sh prints. @throws Unreadable `alerts.unreadable` */
export function parseAlerts(answer: string): Alerts {
  return shape.understand('alerts.unreadable', answer, () => {
    const rows = answer.split('\n').map((line) => line.split('\t'));
    const field = (word: string) => rows.find(([first]) => first === word)?.[1];
    const looked = shape.time(field('looked'), 'time');
    const state = field('state');
    const untold = rows.flatMap(([word, ...row]) => (word === 'way' ? [wayOf(row)] : []));
    return {
      now: shape.time(field('now'), 'time'),
      ...(looked > 0 && { looked }),
      ...stateOf(state === undefined || state === '' ? {} : JSON.parse(state)),
      untold,
    };
  });
}

type Json = Readonly<Record<string, unknown>>;

function stateOf(read: Json): Pick<Alerts, 'alerts' | 'rules' | 'unknown'> {
  const { alerts = {}, rules = 0, unknown = [] } = read;
  return {
    rules: shape.whole(String(rules), 'number of rules'),
    alerts: Object.entries(alerts as Record<string, Json>).map(([key, one]) => alertOf(key, one)),
    unknown: shape.objects(unknown, 'list of rules').map(({ rule, why }) => ({
      rule: line(rule),
      why: line(why),
    })),
  };
}

function alertOf(key: string, one: Json): Alert {
  const state = states.find((state) => state === one.state);
  if (state === undefined)
    throw new Error(`${JSON.stringify(one.state)} is not a state of an alert`);
  const seconds = (name: string) =>
    shape.time(one[name] === undefined ? '' : String(one[name]), name);
  const [at, resolved] = [seconds('at'), seconds('resolved')];
  return {
    alert: plainLine(key),
    rule: line(one.rule),
    when: line(one.when),
    state,
    ...(one.vm !== undefined && { vm: line(one.vm) }),
    ...(one.what !== undefined && { what: line(one.what) }),
    why: line(one.why),
    since: seconds('since'),
    ...(state !== 'pending' && at > 0 && { at }),
    ...(state === 'resolved' && { resolved }),
  };
}

function line(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`${JSON.stringify(value)} is not text`);
  return plainLine(value).slice(0, 500);
}

function wayOf([way, waiting, since, problem = '']: readonly string[]): UntoldWay {
  if (way !== 'webhook' && way !== 'command') throw new Error(`${way} is no way of telling`);
  return {
    way,
    waiting: shape.whole(waiting, 'number'),
    ...(problem !== '' && { problem: line(problem), since: shape.time(since, 'time') }),
  };
}
