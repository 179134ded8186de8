import type { YAMLParseError } from 'yaml';
import type { Code } from './codes.ts';
import type { Finding } from './finding.ts';

type Words = readonly [code: Code, message: string, hint?: string];

/** Messages for errors of the parser, for people who do not know YAML by heart. */
function words({ code, message }: YAMLParseError): Words {
  switch (code) {
    case 'TAB_AS_INDENT':
      return ['E102', 'a tab cannot indent YAML', 'use two spaces'];
    case 'MULTIPLE_DOCS':
      return ['E105', 'a second document begins here', 'remove the line ---'];
    case 'RESOURCE_EXHAUSTION':
      return ['E109', 'this is nested too deeply'];
    case 'BAD_INDENT':
      return message.startsWith('Flow')
        ? ['E101', 'a { or [ before this is not closed', 'add the } or ] that is missing']
        : [
            'E101',
            'this line is not indented like its neighbours',
            'give it the same number of spaces',
          ];
    case 'MISSING_CHAR':
      if (message.includes('quote')) return ['E101', 'a quote before this is never closed'];
      return message.includes('map values')
        ? ['E101', 'this key has no colon', 'write key: value']
        : ['E101', 'something is missing here', 'look for a comma, space or colon before it'];
    case 'BAD_SCALAR_START':
      return ['E101', 'text cannot begin with this character', 'put the text in quotes: "@canary"'];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return [
        'E101',
        'there are two keys on one line',
        'give each its own line, or put the text in quotes',
      ];
    case 'MULTILINE_IMPLICIT_KEY':
      return ['E101', 'a key and its colon must be on one line', 'check the indentation here'];
    case 'KEY_OVER_1024_CHARS':
      return ['E101', 'this key is longer than 1024 characters'];
    case 'BAD_DQ_ESCAPE':
      return [
        'E101',
        'this escape is unknown in double quotes',
        'use single quotes, or two backslashes for one',
      ];
    case 'BAD_DIRECTIVE':
      return ['E101', 'a line cannot begin with %', 'put the text in quotes'];
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
      return ['E107', 'this alias cannot be read', 'write *name, with &name further up'];
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
      return ['E101', 'a value can have one anchor and one tag only'];
    default:
      return ['E101', 'this does not belong here', 'check quotes and indentation just before it'];
  }
}

/** Errors of the YAML parser as findings. */
export function explain(errors: readonly YAMLParseError[], text: string): Finding[] {
  // Something that is missing at the end is shown on the last line that is not empty.
  const last = Math.max(0, text.trimEnd().length - 1);
  // If the nesting is too deep, every open bracket is an error of its own.
  const deep = errors.filter(({ code }) => code === 'RESOURCE_EXHAUSTION').slice(0, 1);
  return (deep.length > 0 ? deep : errors).map((error) => {
    const [code, message, hint] = words(error);
    const [start, end] = error.pos;
    return { code, path: [], range: [Math.min(start, last), end], message, hint };
  });
}
