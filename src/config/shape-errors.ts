import type { ErrorObject } from 'ajv';
import { stringify } from 'yaml';
import { secret } from '../model/secrets.ts';
import { didYouMean } from '../model/suggest.ts';
import { type Finding, formatPath, type Path, quote } from './finding.ts';

/** The parts of a schema that are used in messages. */
interface Expected {
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | boolean)[];
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Expected>>;
}

/** Our own message for an error of the validator; undefined if another error says the same. */
export function explainShape(error: ErrorObject, path: Path): Finding | undefined {
  const expected = error.parentSchema as Expected;
  const where = formatPath(path) || 'fleet.yaml';
  const { data, params } = error;
  switch (error.keyword) {
    case 'additionalProperties': {
      const name = String(params.additionalProperty);
      const fields = Object.keys(expected.properties ?? {});
      return {
        code: 'E201',
        path: [...path, name],
        on: 'key',
        message: `${path.length ? where : 'fleet.yaml'} has no field ${quote(name)}`,
        hint: didYouMean(name, fields) ?? `its fields are ${fields.join(', ')}`,
      };
    }
    case 'required': {
      if (error.schemaPath.includes('/oneOf/')) return undefined;
      const name = String(params.missingProperty);
      const example = expected.properties?.[name]?.examples?.[0];
      return {
        code: 'E202',
        path,
        on: 'key',
        message: `${where} lacks the field "${name}"`,
        hint: `add for example ${name}: ${asYaml(example)}`,
      };
    }
    case 'oneOf':
      return {
        code: 'E209',
        path,
        message: `${where} must be exactly one of tcp, http and run`,
        hint: 'make a check of its own for each',
      };
    case 'type':
      return {
        code: 'E203',
        path,
        message:
          data === null
            ? `${where} is empty, but must be ${kindOf(expected)}`
            : `${where} must be ${kindOf(expected)}, not ${describe(data)}`,
        hint: convert(data, expected) ?? exampleHint(expected),
      };
    case 'enum':
    case 'const': {
      const values = error.keyword === 'const' ? [params.allowedValue] : expected.enum!;
      const allowed = values.map(String);
      return {
        code: 'E204',
        path,
        message: `${where} cannot be ${typeof data === 'string' ? quote(data) : describe(data)}`,
        hint: (typeof data === 'string' && didYouMean(data, allowed)) || oneOf(allowed),
      };
    }
    case 'pattern': {
      if (error.propertyName !== undefined) {
        const name = error.propertyName;
        const message = `${quote(name)} is not ${kindOf(expected)}`;
        return { code: 'E208', path: [...path, name], on: 'key', message, hint: naming(error) };
      }
      // The text check has reported this already.
      if (secret.test(String(data))) return undefined;
      const hint = nearForm(String(data)) ?? exampleHint(expected);
      return {
        code: 'E205',
        path,
        message: `${quote(String(data))} is not ${kindOf(expected)}`,
        hint,
      };
    }
    case 'minimum':
    case 'maximum': {
      const least = error.keyword === 'minimum' ? 'at least' : 'at most';
      return { code: 'E206', path, message: `${where} must be ${least} ${params.limit}` };
    }
    case 'minItems':
      return { code: 'E207', path, message: `${where} must not be an empty list` };
    default:
      // `propertyNames` repeats the error of the name itself.
      return undefined;
  }
}

/** For a name: the rule, from the schema's description. */
function naming(error: ErrorObject): string | undefined {
  const { description } = error.parentSchema as { description?: string };
  return description?.replace(/\.$/, '').replace(/^./, (letter) => letter.toLowerCase());
}

function kindOf({ title, type, enum: values }: Expected): string {
  if (title !== undefined) return title;
  if (values !== undefined) return oneOf(values.map(String));
  if (type === 'boolean') return 'true or false';
  if (type === 'integer') return 'a whole number';
  return type === 'number' ? 'a number' : type === 'array' ? 'a list' : 'a map';
}

function describe(data: unknown): string {
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'a map';
  return typeof data === 'string' ? `the text ${quote(data)}` : String(data);
}

const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? `the only value is ${values[0]}` : `one of ${values.join(', ')}`;

function exampleHint({ examples }: Expected): string | undefined {
  if (!examples?.length) return undefined;
  return `for example ${examples.map(asYaml).join(' or ')}`;
}

/** The written value as the type that it should have had. */
function convert(data: unknown, { type, pattern }: Expected): string | undefined {
  const types = [type].flat();
  if (types.includes('boolean') && typeof data === 'string') {
    if (/^(yes|on|y|true)$/i.test(data)) return 'write true';
    if (/^(no|off|n|false)$/i.test(data)) return 'write false';
  }
  if (pattern !== undefined && typeof data === 'number') {
    // YAML has read 25.10 as the number 25.1.
    const forms = Number.isInteger(data) ? [String(data)] : [String(data), data.toFixed(2)];
    const text = forms.find((form) => new RegExp(pattern).test(form));
    if (text !== undefined) return `write "${text}"`;
  }
  if (types.includes('array') && typeof data === 'string' && data.length < 60) {
    return `write [${data}]`;
  }
  if (typeof data === 'string' && /^[0-9]+$/.test(data) && types.includes('integer'))
    return `write ${data} without quotes`;
  return undefined;
}

/** A size or duration in the notation of another tool, converted to ours. */
function nearForm(text: string): string | undefined {
  const [, size, unit] = /^([1-9][0-9]{0,6}) ?([KMGT])i?B?$/i.exec(text) ?? [];
  if (size && unit && unit.toUpperCase() !== 'K') return `write ${size}${unit.toUpperCase()}iB`;
  const [, time, span] = /^([1-9][0-9]{0,5}) ?(sec|min|hour)[a-z]*$/i.exec(text) ?? [];
  return time && span ? `write ${time}${span[0]!.toLowerCase()}` : undefined;
}

/** A value as it would stand in fleet.yaml, on one line. */
const asYaml = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
