import type * as whole from 'ssh2';
// @ts-expect-error: there are types of the whole only
import agent from 'ssh2/lib/agent.js';
// @ts-expect-error
import client from 'ssh2/lib/client.js';
// @ts-expect-error
import keyParser from 'ssh2/lib/protocol/keyParser.js';

// What fleet uses of ssh2. As a whole it brings agents for HTTP, and they Node's http, with fetch and all: a good part of
// the time that a command takes to start.
export const BaseAgent: typeof whole.BaseAgent = agent.BaseAgent;
export type BaseAgent = whole.BaseAgent;
export const OpenSSHAgent: typeof whole.OpenSSHAgent = agent.OpenSSHAgent;
export type OpenSSHAgent = whole.OpenSSHAgent;
export const Client: typeof whole.Client = client;
export type Client = whole.Client;
export const { parseKey }: Pick<typeof whole.utils, 'parseKey'> = keyParser;
