// A real server for each test file: its own process, port and data directory.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';

const binary = resolve(import.meta.dirname, '../../../bin/sallyport');

export const rootEmail = 'root@example.com';
export const rootPassword = 'Correct-horse-battery-1';

export interface Server {
  url: string; // the external URL, to which security keys are bound
  otherOrigin: string; // the same server under a name that is not the external URL's
  account: string;
  data: string;
  root: IAMClient; // the wire, signed with root's key: for setting the scene
  log(): string;
  stop(): Promise<void>;
}

/** startServer starts a server with further flags and waits until it is ready. */
export async function startServer(...flags: string[]): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-e2e-'));
  const port = await freePort();
  const log = join(data, 'log');
  const out = openSync(log, 'a');
  const account = '111122223333';
  const server = spawn(binary, ['serve', '--listen', `127.0.0.1:${port}`, '--data', join(data, 'data'), '--account-id', account, ...flags], {
    stdio: ['ignore', out, out],
    env: { ...process.env, SALLYPORT_ROOT_EMAIL: rootEmail, SALLYPORT_ROOT_PASSWORD: rootPassword },
  });
  const url = `http://localhost:${port}`;
  await ready(`http://127.0.0.1:${port}/readyz`, server, log);
  return {
    url,
    otherOrigin: `http://127.0.0.1:${port}`,
    account,
    data: join(data, 'data'),
    root: new IAMClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials: rootKey(join(data, 'data')) }),
    log: () => readFileSync(log, 'utf8'),
    stop: async () => {
      const ended = new Promise((done) => server.once('exit', done));
      server.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function ready(address: string, server: ChildProcess, log: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) break;
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`the server did not become ready:\n${readFileSync(log, 'utf8')}`);
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address ? found(address.port) : failed(new Error('no port'))));
    });
  });
}

/** rootKey is the access key of the credentials file that the first start wrote. */
function rootKey(data: string): { accessKeyId: string; secretAccessKey: string } {
  const text = readFileSync(join(data, 'credentials'), 'utf8');
  const value = (name: string) => new RegExp(`^${name} = (.+)$`, 'm').exec(text)?.[1] ?? '';
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
}
