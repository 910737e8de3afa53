import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateRawSync } from 'node:zlib';

/** The compiler is 100 MB, so it is one of the packages that only tests bring. */
const compiler = join(
  import.meta.dirname,
  '../../../../tests/engines/node_modules/assemblyscript/dist/asc.js',
);

/** Folders with an `assembly/` and what it becomes, `wasm.ts`. */
export const compiledFolders = [import.meta.dirname, join(import.meta.dirname, '../doubt')];

/** Compiles a look at bytes. The same sources give the same bytes on any machine. */
export async function compileLook(of: string): Promise<Uint8Array> {
  if (!existsSync(compiler))
    throw new Error('the compiler is not there: run "npm ci" in tests/engines, or "npm test"');
  const { main } = (await import(pathToFileURL(compiler).href)) as {
    main(words: readonly string[]): Promise<{ error: Error | null; stderr: { toString(): string } }>;
  };
  const folder = await mkdtemp(join(tmpdir(), 'catchment-look-'));
  try {
    const output = join(folder, 'look.wasm');
    const words = ['--baseDir', join(of, 'assembly'), 'index.ts', '--outFile', output];
    // No memory is ever given back, so there is nothing to collect; and nothing here can abort.
    const options = ['-O3', '--enable', 'simd', '--runtime', 'stub', '--use', 'abort='];
    const { error, stderr } = await main([...words, ...options]);
    if (error !== null) throw new Error(`the look does not compile: ${error.message}\n${stderr}`);
    return await readFile(output);
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename)
  for (const of of compiledFolders) {
    const packed = deflateRawSync(await compileLook(of), { level: 9 }).toString('base64');
    await writeFile(
      join(of, 'wasm.ts'),
      `/** The look at bytes of \`assembly/\`, compiled by \`npm run build:look\` and deflated. */\nexport const wasm =\n  '${packed}';\n`,
    );
  }
