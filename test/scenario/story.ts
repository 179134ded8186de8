import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from './desk.ts';
import { addresses, fiveVms } from './fleet.ts';
import { Look } from './look.ts';
import type { World, WorldHost } from './world.ts';

/** The vms of every story. */
export const all = Object.keys(addresses);

/**
 * Part of what fleet promises, told as one story on two hypervisors: each scenario begins where the one before it
 * ended, with `fleet plan` having nothing to do. Both worlds run it; stories can be told side by side.
 */
export interface Story {
  /** With hypervisors that fleet has never touched, or with five vms deployed. */
  readonly begins: 'empty' | 'deployed';
  readonly tell: (
    scenario: (title: string, happens: (stage: Stage) => Promise<void>) => void,
  ) => void;
}

/** What every scenario finds. */
export interface Stage {
  readonly world: World;
  readonly hv1: WorldHost;
  readonly hv2: WorldHost;
  readonly desk: Desk;
  /** At hv1, which has the vms. */
  readonly look: Look;
  answersAll(): Promise<void>;
  nothingToDo(): Promise<void>;
}

/** Tells a story in a world; `lock` is the text of its flake.lock, where there is no Nix to make one. */
export function tell(story: Story, kind: string, open: () => Promise<World>, lock?: string): void {
  describe(`on the ${kind}`, { timeout: 1_200_000 }, () => {
    let world: World | undefined;
    let stage: Stage | undefined;

    beforeAll(async () => {
      world = await open();
      const desk = new Desk(world, 'story', fiveVms(world));
      stage = stageOf(world, desk);
      await desk.open(lock);
      if (story.begins === 'deployed') await desk.apply(0);
    }, 1_200_000);

    afterAll(async () => {
      stage?.desk.close();
      await world?.stop();
    }, 180_000);

    story.tell((title, happens) => {
      test(title, () => {
        if (!stage) throw new Error('the world did not open');
        return happens(stage);
      });
    });
  });
}

function stageOf(world: World, desk: Desk): Stage {
  const [hv1, hv2] = world.hosts as [WorldHost, WorldHost];
  const look = new Look(hv1);
  return {
    world,
    hv1,
    hv2,
    desk,
    look,
    answersAll: async () => {
      for (const vm of all)
        expect(await look.answers(addresses[vm] ?? ''), `${vm} answers`).toBe(true);
    },
    nothingToDo: async () => {
      const plan = await desk.fleet(['plan', '--detailed-exitcode', '--no-diff']);
      expect(plan.stdout).toContain('No changes.');
      expect(plan.code).toBe(0);
    },
  };
}
