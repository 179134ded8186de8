import { describe, expect, test } from 'vitest';
import { complete, Desk } from './fleet.ts';

const lost = /^Standard output cannot be written, and is incomplete: .*\n$/;

describe('output that a disk has no room for', () => {
  test.each([['validate'], ['plan', '--offline', '--json']])(
    'is no success: %s',
    async (...args) => {
      const desk = new Desk(complete);
      desk.write('hv1/default.nix', '{ }\n');
      const { code, stderr } = await desk
        .commit()
        .into('/dev/full', 'unlimited', ...args.filter(Boolean));
      expect(code).toBe(1);
      expect(stderr).toMatch(lost);
    },
  );

  test('nor is one whose beginning alone was written', async () => {
    const desk = new Desk();
    const { code, stderr } = await desk.into('schema.json', 2, 'schema');
    expect(code).toBe(1);
    expect(stderr).toMatch(lost);
    const whole = await desk.into('schema.json', 'unlimited', 'schema');
    expect(whole).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(JSON.parse(desk.read('schema.json'))).toHaveProperty('title', 'fleet.yaml');
  });
});
