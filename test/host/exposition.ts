/** A metric of Prometheus' text format. */
export interface Metric {
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Reads it as Prometheus does; each metric in one piece, HELP and TYPE before its samples. @throws Error where it is not so */
export function parseExposition(text: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  let current = '';
  let help = '';
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.slice(0, -1).split('\n')) {
    const [, helped, said] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    if (helped !== undefined) {
      if (!name.test(helped) || metrics.has(helped)) throw new Error(`twice or odd: ${line}`);
      [current, help] = [helped, said ?? ''];
      continue;
    }
    const [, typed, type] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? [];
    if (typed !== undefined) {
      if (typed !== current || metrics.has(typed)) throw new Error(`not behind its HELP: ${line}`);
      metrics.set(typed, { help, type: type ?? '', samples: [] });
      continue;
    }
    const [, of, labels, value] = /^([^\s{]+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    const metric = metrics.get(of ?? '');
    if (!metric || of !== current) throw new Error(`not behind its TYPE: ${line}`);
    if (!/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(value ?? ''))
      throw new Error(`no number: ${line}`);
    metric.samples.push({ labels: labelsIn(labels ?? ''), value: Number(value) });
  }
  return metrics;
}

function labelsIn(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  if (text === '') return labels;
  let rest = text.slice(1, -1);
  while (rest !== '') {
    const [whole, key, value] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/.exec(rest) ?? [];
    if (whole === undefined || key === undefined) throw new Error(`no label: ${rest}`);
    labels[key] = (value ?? '').replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    rest = rest.slice(whole.length);
  }
  return labels;
}
