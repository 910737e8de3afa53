/**
 * Looks at the bytes of files, in AssemblyScript: a dialect of TypeScript whose numbers are machine words and which becomes
 * WebAssembly. `npm run build:look` writes it to `../wasm.ts`. A place is an address in the memory of the module.
 */
export { held, hold, room } from './buffer';
export { keepYears } from './cell';
export { beginCsv, lookAtCsv } from './csv';
export { beginLines, lookAtLines, wasSeen } from './lines';
export { beginTsv, lookAtTsv } from './tsv';
