// Prints what a browser loads before the console can be used, gzipped, and fails above the budgets.
// It follows Vite's manifest: the entry, the named route, and everything these import statically. Fonts come on top;
// they are fetched after the first paint.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const app = new URL('../../app/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', app), 'utf8'));

const loads = [
  { name: 'Sign-in page', budget: 150, entries: ['index.html', 'src/pages/signin/index.tsx'] },
  {
    name: 'Console (shell and dashboard)',
    budget: 500,
    entries: ['index.html', 'src/shell/index.tsx', 'src/pages/dashboard/index.tsx'],
  },
];

/** Adds the files that a chunk of the manifest needs, its static imports' included. */
function collect(key, files) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`the manifest has no ${key}; run npm run build first`);
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const file of chunk.css ?? []) files.add(file);
  for (const key of chunk.imports ?? []) collect(key, files);
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);
const gzipped = (file) => gzipSync(readFileSync(new URL(file, app)), { level: 9 }).length;

for (const { name, budget, entries } of loads) {
  const files = new Set(['index.html']);
  for (const key of entries) collect(key, files);
  const sizes = [...files].map((file) => [file, gzipped(file)]).sort((a, b) => b[1] - a[1]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  const within = total < budget * 1000;
  console.log(`${name}: ${kB(total).trim()} gzipped, budget ${budget} kB${within ? '' : ' – ABOVE BUDGET'}`);
  for (const [file, size] of sizes) console.log(`  ${kB(size)}  ${file}`);
  if (!within) process.exitCode = 1;
}
