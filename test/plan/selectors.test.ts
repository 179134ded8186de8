import { describe, expect, test } from 'vitest';
import { FleetError } from '../../src/model/errors.ts';
import { select } from '../../src/plan/selectors.ts';
import { index } from './situation.ts';

const { fleet } = index();
const selected = (on?: string) => {
  const { hypervisors, targets } = select(fleet, on);
  return { hypervisors: [...hypervisors].sort(), targets: [...targets].sort() };
};

describe('--on', () => {
  test('left out selects everything', () => {
    expect(selected()).toEqual({
      hypervisors: ['hv1', 'hv2'],
      targets: ['db1', 'hv1', 'hv2', 'web1', 'web2'],
    });
  });

  test('a hypervisor brings its vms', () => {
    expect(selected('hv1')).toEqual({ hypervisors: ['hv1'], targets: ['db1', 'hv1', 'web1'] });
  });

  test('a vm has its hypervisor contacted but not changed', () => {
    expect(selected('web1')).toEqual({ hypervisors: ['hv1'], targets: ['web1'] });
  });

  test('* stands for any characters, of vms on all hypervisors', () => {
    expect(selected('web*')).toEqual({ hypervisors: ['hv1', 'hv2'], targets: ['web1', 'web2'] });
    expect(selected('*1').targets).toEqual(['db1', 'hv1', 'web1']);
  });

  test('@ means a tag, of a vm or of a hypervisor', () => {
    expect(selected('@canary')).toEqual({ hypervisors: ['hv1'], targets: ['web1'] });
    expect(selected('@e*').targets).toEqual(['db1', 'hv1', 'web1']);
  });

  test('parts add up, with spaces around commas', () => {
    expect(selected('db1, web2')).toEqual({
      hypervisors: ['hv1', 'hv2'],
      targets: ['db1', 'web2'],
    });
  });

  test.each(['web9', 'web1,typo', 'canary', '@web1', 'we', 'web', 'w.b1', 'web1,', ''])(
    '%j is a usage error rather than nothing to do',
    (selector) => {
      const error = (() => {
        try {
          select(fleet, selector);
        } catch (caught) {
          return caught;
        }
        return undefined;
      })();
      expect(error).toBeInstanceOf(FleetError);
      expect(error).toMatchObject({ code: 'select.nothing', exitCode: 64 });
    },
  );
});
