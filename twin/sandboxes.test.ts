import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { makeProject } from '../cli/testing/project.ts';
import { openSandboxes } from './sandboxes.ts';

const project = makeProject();
afterAll(() => project.remove());

it('starts the sandbox of a source once, and closes it', async () => {
  const sandboxes = openSandboxes({ root: project.root, size: 'small' });
  const [first, again] = await Promise.all([sandboxes.start('shop'), sandboxes.start('shop')]);
  expect(again).toBe(first);
  expect((await fetch(`${first.baseUrl}items`)).status).toBe(401);
  await sandboxes.close();
  await expect(fetch(`${first.baseUrl}items`)).rejects.toThrow('fetch failed');
});

it('says that the port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const sandboxes = openSandboxes({ root: project.root, port });
  await expect(sandboxes.start('shop')).rejects.toThrow(
    `[shop] the sandbox cannot listen: the port is taken by another process: got ${port}; choose another ` +
      '--sandbox-port, or leave it out for any free one',
  );
  await sandboxes.close();
  other.close();
});

it('says that a source has no sandbox', async () => {
  const sandboxes = openSandboxes({ root: project.root });
  await expect(sandboxes.start('tiktok')).rejects.toThrow(
    '[tiktok] has no sandbox: there is no functions/tiktok/sandbox.ts; remove "sandbox: true" from the group, or write one',
  );
});
