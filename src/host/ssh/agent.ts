import { connect } from 'node:net';

/** A key that an agent holds. */
export interface AgentKey {
  /** The public half as ssh sends it. */
  readonly blob: Buffer;
  readonly comment: string;
}

/** Ms to wait for an agent: one that is locked may ask its owner first. */
const timeoutMs = 60_000;
const requestIdentities = 11;
const identitiesAnswer = 12;

/** Lists the keys in an agent, of every kind (draft-ietf-sshm-ssh-agent). @throws Error if no agent answers. */
export function agentKeys(socket: string): Promise<AgentKey[]> {
  return new Promise((resolve, reject) => {
    const agent = connect(socket);
    const done = (end: () => void) => {
      clearTimeout(timer);
      agent.destroy();
      end();
    };
    const fail = (error: Error) => done(() => reject(error));
    const timer = setTimeout(() => fail(new Error('no answer')), timeoutMs);
    let answer = Buffer.alloc(0);
    agent.once('connect', () => agent.write(Buffer.from([0, 0, 0, 1, requestIdentities])));
    agent.once('error', fail).once('close', () => fail(new Error('no answer')));
    agent.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < 4 + answer.readUInt32BE(0)) return;
      try {
        const keys = parse(answer.subarray(4));
        done(() => resolve(keys));
      } catch (error) {
        fail(error as Error);
      }
    });
  });
}

function parse(answer: Buffer): AgentKey[] {
  if (answer[0] !== identitiesAnswer) throw new Error('it refuses');
  let at = 5;
  const next = () => {
    const length = answer.readUInt32BE(at);
    at += 4 + length;
    return answer.subarray(at - length, at);
  };
  return Array.from({ length: answer.readUInt32BE(1) }, () => ({
    blob: next(),
    comment: next().toString(),
  }));
}
