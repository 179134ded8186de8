import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { nextSteps } from '../../src/model/next-steps.ts';

/** Whoever asked to stop needs no advice. */
const without = new Set(['interrupted']);

/** What scripts say with these codes is told in other words before anybody reads it. */
const retold = new Set(['lock.held', 'lock.operation', 'step.still-running']);

interface Made {
  readonly where: string;
  readonly code: string | undefined;
  readonly hasHint: boolean;
}

/** Where errors are made, with their code where it stands there. */
function* made(): Iterable<Made> {
  for (const file of globSync('src/**/*.ts')) {
    const text = readFileSync(file, 'utf8');
    if (!/\b(?:FleetError|gitError|usageError)\(/.test(text)) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const found: Made[] = [];
    const visit = (node: ts.Node): void => {
      const isMade =
        (ts.isNewExpression(node) && node.expression.getText() === 'FleetError') ||
        (ts.isCallExpression(node) &&
          ['gitError', 'usageError'].includes(node.expression.getText()));
      if (isMade) {
        const args = node.arguments ?? [];
        const [first] = args;
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push({
          where: `${file}:${line + 1}`,
          code: first && ts.isStringLiteral(first) ? first.text : undefined,
          hasHint:
            /\bhint\b/.test(node.getText()) ||
            (node.expression.getText() === 'usageError' && args.length > 2),
        });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    yield* found;
  }
}

test('every error says what to do next', () => {
  const all = [...made()];
  expect(all.length).toBeGreaterThan(80);
  const silent = all.filter(
    ({ code, hasHint }) =>
      !hasHint && code !== undefined && !without.has(code) && !(code in nextSteps),
  );
  expect(silent).toEqual([]);
});

test('so does every error of a script on a hypervisor: in its message, behind what is wrong, or by its code', () => {
  const dying = globSync('src/host/scripts/*.sh').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bdie ([a-z-]+\.[a-z-]+) (.*)/g)].map(
      ([, code = '', message = '']) => ({ file, code, message }),
    ),
  );
  expect(dying.length).toBeGreaterThan(40);
  // `what is wrong: what to do`, or a row that the desk reads.
  const says = /: |\(|\?|_row/;
  expect(
    dying.filter(
      ({ code, message }) => !(code in nextSteps) && !retold.has(code) && !says.test(message),
    ),
  ).toEqual([]);
});
