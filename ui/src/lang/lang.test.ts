import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from './en';
import { ja } from './ja';

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, path = ''): Map<string, string> {
  const out = new Map<string, string>();
  for (const [k, v] of Object.entries(tree)) {
    if (typeof v === 'string') out.set(path + k, v);
    else for (const [name, text] of flat(v, path + k + '.')) out.set(name, text);
  }
  return out;
}

const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();

describe('every language', () => {
  const english = flat(en);
  const japanese = flat(ja);

  it('has every text, with the same places to fill', () => {
    expect([...japanese.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, text] of english) expect([key, places(japanese.get(key)!)]).toEqual([key, places(text)]);
    for (const [key, text] of [...english, ...japanese]) expect(text.trim(), key).not.toBe('');
  });

  it('has every text that a page asks for', () => {
    const asked = sources(join(import.meta.dirname, '..')).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.]+)'/g)].map((m) => m[1]!),
    );
    expect(asked.length).toBeGreaterThan(50);
    for (const key of asked) expect(english.has(key) || english.has(key + '_other'), key).toBe(true);
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) => {
    const path = join(folder, e.name);
    if (e.isDirectory()) return sources(path);
    return /(?<!\.test)\.tsx?$/.test(e.name) ? [path] : [];
  });
}
