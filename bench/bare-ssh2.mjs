// node bare-ssh2.mjs ADDRESS KEY SCRIPT ARG…: runs a script there as root, and nothing else.
import { readFileSync } from 'node:fs';
import { Client } from 'ssh2';

const [host, key, script, ...args] = process.argv.slice(2);
const client = new Client();
client.on('ready', () => {
  client.exec(`sh -s -- ${args.join(' ')}`, (error, stream) => {
    if (error) throw error;
    let answer = '';
    stream.on('data', (chunk) => {
      answer += chunk;
    });
    stream.on('close', (code) => {
      client.end();
      process.exitCode = code === 0 && answer.includes('== end') ? 0 : 1;
    });
    stream.end(readFileSync(script));
  });
});
client.connect({ host, username: 'root', privateKey: readFileSync(key) });
