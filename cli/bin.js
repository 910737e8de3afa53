#!/usr/bin/env node
// Runs on any Node: it starts the command line with the runtime that package-lock.json pins.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const main = new URL('./main.ts', import.meta.url);

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  import(main.href).catch(fail);
} else {
  const runtime = findRuntime();
  if (runtime === undefined)
    fail(
      `Node ${neededMajor} or newer is needed: this is ${process.version} (${process.execPath}), and no pinned runtime ` +
        `is installed for ${process.platform} ${process.arch}; run "npm ci" (without --omit=optional) in the project, ` +
        `or install Node ${neededMajor} from https://nodejs.org`,
    );
  else runAgain(runtime);
}

/** The pinned runtime of this system, from the optional dependencies; undefined when it is not installed. */
function findRuntime() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${system}-${process.arch}/package.json`);
    const file = join(manifest, '..', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function runAgain(runtime) {
  const child = spawn(runtime, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), {
    stdio: 'inherit',
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const listeners = signals.map((signal) => [signal, () => child.kill(signal)]);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  child.on('error', fail);
  child.on('exit', (code, signal) => {
    for (const [name, listener] of listeners) process.removeListener(name, listener);
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}

function fail(error) {
  console.error(`catchment: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = 1;
}
