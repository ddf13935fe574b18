// Prints how much a first visit to the queue loads, gzipped as the server sends it,
// and fails where that is over the limit.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const limit = 250_000;
const folder = new URL('../dist/app/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', folder)));
const files = new Set(['index.html', 'theme.js']);
function add(name) {
  const chunk = manifest[name];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  chunk.css?.forEach((f) => files.add(f));
  chunk.imports?.forEach(add);
}
add('index.html');
add('src/queue/QueuePage.tsx');
let total = 0;
for (const f of files) total += gzipSync(readFileSync(new URL(f, folder)), { level: 9 }).length;
console.log(
  `the app's first load: ${(total / 1000).toFixed(0)} kB gzipped in ${files.size} files, of ${limit / 1000} kB allowed`,
);
if (total > limit) process.exit(1);
